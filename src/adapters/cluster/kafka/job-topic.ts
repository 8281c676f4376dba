import type { KafkaAccess } from './access.ts';
import { DurableProducer } from './durable-producer.ts';

export type JobMessage = { readonly key: string; readonly value: Uint8Array };

/** Puts jobs into a topic that share groups hand out from. */
export class JobTopic {
  readonly #topic: string;
  readonly #producer: DurableProducer;

  constructor(access: KafkaAccess, topic: string) {
    this.#topic = topic;
    this.#producer = new DurableProducer(access, 'repeatable');
  }

  /**
   * Durable when it resolves. Each job is a batch of its own: brokers send a whole batch to everybody who gets one record of it.
   * Throws SL-151 to SL-153; each job then may or may not be there. After trouble a job may be there twice.
   */
  async send(jobs: readonly JobMessage[]): Promise<void> {
    const sends = jobs.map(({ key, value }) => this.#producer.send([{ topic: this.#topic, key: Buffer.from(key), value: Buffer.from(value) }]));
    const failed = (await Promise.allSettled(sends)).find((sent) => sent.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }
}
