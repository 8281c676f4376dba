/** A worker in a process of its own that takes one record and holds it: says `held <value>`, and `lost <kind>` when the lock is gone. */
import { ShareConsumer } from '../../../../src/adapters/cluster/share-consumer/share-consumer.ts';
import { lossOf, take, text } from './kafka-place.ts';

const [port, topic] = process.argv.slice(2);
const consumer = await ShareConsumer.open({ brokers: [{ host: '127.0.0.1', port: Number(port) }], clientId: 'child', options: {}, group: topic, topic });
const held = await take(consumer);
process.stdout.write(`held ${text(held)}\n`);
const { kind } = await lossOf(held);
const late = await held.accept().then(
  () => 'accepted',
  () => 'refused',
);
process.stdout.write(`lost ${kind} ${late}\n`);
await consumer.close();
