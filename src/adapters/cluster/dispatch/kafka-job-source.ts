import type { JobClass, JobSource } from '../../../ports/job-dispatch.ts';
import type { Lease } from '../../../ports/job-queue.ts';
import { connectionOptions, type KafkaAccess } from '../kafka/access.ts';
import { setUpTopics } from '../kafka/set-up-topics.ts';
import type { HeldRecord } from '../share-consumer/held-record.ts';
import { ShareConsumer } from '../share-consumer/share-consumer.ts';
import { eventTopic, jobTopicSettings, type TopicNames } from './topics.ts';

/** Claims the very job that a record names. */
export type JobClaims = {
  claimJob(jobId: string, request: { worker: string; delivery: string; leaseMs: number }): Promise<Lease | 'elsewhere' | 'settled' | 'busy'>;
};

export type JobSourceOptions = {
  readonly access: KafkaAccess;
  readonly names: TopicNames;
  readonly classes: readonly JobClass[];
  readonly worker: string;
  readonly leaseMs: number;
  readonly claims: JobClaims;
  /** Called for a record of a job that needs nobody any more, before it is used up: its worker may have died before it told anybody. */
  readonly onSettled: (jobId: string) => Promise<void>;
  /** Hears of everything that failed and is being repeated. */
  readonly onTrouble: (error: unknown) => void;
};

/** With several classes they are asked in turn, each for so long. */
const TURN_MS = 150;
const EVENT_PARTITIONS = 8;

type Lane = { readonly topic: string; readonly consumer: ShareConsumer };

/**
 * Takes records of this worker's classes out of their share groups and claims the jobs they name. A record stays locked for this worker as long as it has the job: when
 * the lock is lost, somebody else has been given the record and takes the job over.
 *
 * What the row says decides. A record of a job that needs nobody any more, that runs elsewhere, or whose exclusive key is taken is used up at once: control reads the
 * rows and offers again what is ready.
 */
export class KafkaJobSource implements JobSource {
  readonly #options: JobSourceOptions;
  readonly #lanes: readonly Lane[];
  readonly #held = new Map<string, HeldRecord>();
  #next = 0;

  private constructor(options: JobSourceOptions, lanes: readonly Lane[]) {
    this.#options = options;
    this.#lanes = lanes;
  }

  /** Sets up the topics of the classes, or checks them, and joins their groups. Throws SL-151 to SL-153. */
  static async open(options: JobSourceOptions): Promise<KafkaJobSource> {
    const { access, names, classes, onTrouble } = options;
    const jobs = classes.map((jobClass) => jobTopicSettings(names, jobClass));
    await setUpTopics(access, { eventTopic: eventTopic(names), eventPartitions: EVENT_PARTITIONS, jobs });
    const lanes: Lane[] = [];
    try {
      const { bootstrapBrokers, ...connection } = connectionOptions(access);
      const place = { brokers: bootstrapBrokers, clientId: access.clientId, options: connection };
      for (const { topic } of jobs) lanes.push({ topic, consumer: await ShareConsumer.open({ ...place, topic, group: topic, onTrouble }) });
    } catch (error) {
      await Promise.all(lanes.map(({ consumer }) => consumer.close()));
      throw error;
    }
    return new KafkaJobSource(options, lanes);
  }

  async take(waitMs: number): Promise<Lease | null> {
    const endMs = performance.now() + waitMs;
    for (let leftMs = waitMs; leftMs > 0; leftMs = endMs - performance.now()) {
      const { topic, consumer } = this.#lanes[this.#next++ % this.#lanes.length];
      const record = await consumer.poll(this.#lanes.length === 1 ? leftMs : Math.min(TURN_MS, leftMs));
      const lease = record && (await this.#claim(topic, record));
      if (lease) return lease;
    }
    return null;
  }

  lostSignal(lease: Lease): AbortSignal {
    return this.#recordOf(lease).lost;
  }

  async settled(lease: Lease): Promise<void> {
    const record = this.#recordOf(lease);
    this.#held.delete(lease.attemptId);
    await useUp(record);
  }

  /** What is held goes to other workers at once. */
  async close(): Promise<void> {
    await Promise.all(this.#lanes.map(({ consumer }) => consumer.close()));
  }

  async #claim(topic: string, record: HeldRecord): Promise<Lease | null> {
    const { claims, worker, leaseMs, onSettled } = this.#options;
    const jobId = record.key?.toString('utf8') ?? '';
    try {
      const claimed = await claims.claimJob(jobId, { worker, leaseMs, delivery: `${topic}/${record.offset}` });
      if (typeof claimed === 'string') {
        if (claimed === 'settled') await onSettled(jobId);
        await useUp(record);
        return null;
      }
      this.#held.set(claimed.attemptId, record);
      return claimed;
    } catch (error) {
      // The row is where it was, or ours without our knowing: whoever gets the record next takes it over.
      await record.release().catch(() => {});
      throw error;
    }
  }

  #recordOf(lease: Lease): HeldRecord {
    const record = this.#held.get(lease.attemptId);
    if (record === undefined) throw new RangeError(`job ${lease.job.id} was not taken here`);
    return record;
  }
}

/** A lock that is gone cannot be used up, and need not. */
async function useUp(record: HeldRecord): Promise<void> {
  await record.accept().catch((error: unknown) => {
    if (!record.lost.aborted) throw error;
  });
}
