import { randomBytes } from 'node:crypto';
import { type KafkaAccess, shareAccess } from '../../../../src/adapters/cluster/kafka/access.ts';
import { JobTopic } from '../../../../src/adapters/cluster/kafka/job-topic.ts';
import { setUpTopics } from '../../../../src/adapters/cluster/kafka/set-up-topics.ts';
import type { HeldRecord } from '../../../../src/adapters/cluster/share-consumer/held-record.ts';
import { ShareConsumer, type ShareConsumerOptions } from '../../../../src/adapters/cluster/share-consumer/share-consumer.ts';
import type { ShareError } from '../../../../src/adapters/cluster/share-consumer/share-error.ts';
import { freePort } from '../../../services/free-port.ts';
import { KafkaService } from '../../../services/kafka.ts';
import { TcpProxy } from '../../../services/tcp-proxy.ts';

/** One broker for all tests of a file, with a second way to it through a proxy. */
export class KafkaPlace {
  readonly service: KafkaService;
  readonly proxy: TcpProxy;
  readonly access: KafkaAccess;

  private constructor(service: KafkaService, proxy: TcpProxy) {
    this.service = service;
    this.proxy = proxy;
    this.access = { brokers: [service.address], clientId: 'test' };
  }

  static async start(): Promise<KafkaPlace> {
    const announcedPort = await freePort();
    const service = await KafkaService.start({ second: { protocol: 'PLAINTEXT', announcedPort } });
    const proxy = await TcpProxy.start(announcedPort, () => service.secondAddress);
    return new KafkaPlace(service, proxy);
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.service.stop();
  }

  /** Jobs of one test, on a topic and in a group of their own. */
  async jobs(settings: { lockMs?: number; deliveryLimit?: number } = {}): Promise<JobPlace> {
    const topic = `jobs.${randomBytes(6).toString('hex')}`;
    const job = { topic, deadLetterTopic: `dlq.${topic}`, lockMs: 15_000, deliveryLimit: 5, ...settings };
    await setUpTopics(this.access, { eventTopic: 'events', eventPartitions: 4, jobs: [job] });
    return new JobPlace(this, topic);
  }
}

export class JobPlace {
  readonly place: KafkaPlace;
  readonly topic: string;
  readonly deadLetterTopic: string;
  readonly troubles: ShareError[] = [];
  readonly #producer: JobTopic;
  readonly #consumers: ShareConsumer[] = [];

  constructor(place: KafkaPlace, topic: string) {
    this.place = place;
    this.topic = topic;
    this.deadLetterTopic = `dlq.${topic}`;
    this.#producer = new JobTopic(place.access, topic);
  }

  options(port: number | null = null): ShareConsumerOptions {
    const brokers = [port === null ? this.place.service.address : `127.0.0.1:${port}`];
    return { ...shareAccess({ ...this.place.access, brokers }), group: this.topic, topic: this.topic, onTrouble: (error) => this.troubles.push(error) };
  }

  send(...values: string[]): Promise<void> {
    return this.#producer.send(values.map((value) => ({ key: value, value: Buffer.from(value) })));
  }

  /** `viaProxy`: through the proxy of the place. */
  async worker(way: 'straight' | 'viaProxy' = 'straight'): Promise<ShareConsumer> {
    const consumer = await ShareConsumer.open(this.options(way === 'straight' ? null : this.place.proxy.port));
    this.#consumers.push(consumer);
    return consumer;
  }

  async close(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
    await this.#producer.close();
  }
}

/** Polls until there is a record. */
export async function take(consumer: ShareConsumer, withinMs = 20_000): Promise<HeldRecord> {
  const held = await consumer.poll(withinMs);
  if (!held) throw new Error(`no record within ${withinMs} ms`);
  return held;
}

export function text(held: HeldRecord | null): string | null {
  return held ? `${held.value}` : null;
}

/** Why a lock was lost, once it is. */
export function lossOf(held: HeldRecord): Promise<ShareError> {
  if (held.lost.aborted) return Promise.resolve(held.lost.reason);
  return new Promise((resolve) => held.lost.addEventListener('abort', () => resolve(held.lost.reason), { once: true }));
}
