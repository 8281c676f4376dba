import { randomUUID } from 'node:crypto';
import { Admin } from '@platformatic/kafka';
import { ScenelineError } from '../../../model/errors.ts';
import { ShareConsumer } from '../share-consumer/share-consumer.ts';
import { connectionOptions, type KafkaAccess, shareAccess } from './access.ts';
import { JobTopic } from './job-topic.ts';
import { explainKafka } from './kafka-errors.ts';

const LIMIT_MS = 20_000;
const POLL_MS = 1000;

export type KafkaFound = { readonly brokers: number; readonly hasShareGroups: boolean };

/** Who answers, and whether share groups are known and switched on. Throws SL-151 and SL-152. */
export async function lookAtKafka(access: KafkaAccess): Promise<KafkaFound> {
  const admin = new Admin(connectionOptions(access));
  try {
    const [{ brokers }, apis] = [await admin.metadata({ topics: [] }), await admin.listApis()];
    return { brokers: brokers.size, hasShareGroups: apis.some(({ name }) => name === 'ShareFetch') };
  } catch (error) {
    throw explainKafka(error, 'connecting');
  } finally {
    await admin.close();
  }
}

/**
 * Sends a record to a job topic that `setUpTopics` made, and takes it out of its share group: what control and a worker do with every job. Other records found there are
 * used up: the topic must be one for trying only. Throws SL-151 to SL-153.
 */
export async function tryJobTopic(access: KafkaAccess, topic: string): Promise<void> {
  const key = randomUUID();
  const producer = new JobTopic(access, topic);
  try {
    await producer.send([{ key, value: Buffer.from('{}') }]);
    const consumer = await ShareConsumer.open({ ...shareAccess(access), topic, group: topic });
    try {
      if (!(await takes(consumer, key))) throw new ScenelineError('SL-153', `Kafka: a record sent to ${topic} does not come out of its share group.`);
    } finally {
      await consumer.close();
    }
  } catch (error) {
    throw explainKafka(error, `handing out a job through ${topic}`);
  } finally {
    await producer.close();
  }
}

async function takes(consumer: ShareConsumer, key: string): Promise<boolean> {
  for (const endMs = performance.now() + LIMIT_MS; performance.now() < endMs; ) {
    const record = await consumer.poll(POLL_MS);
    await record?.accept();
    if (record?.key?.toString() === key) return true;
  }
  return false;
}
