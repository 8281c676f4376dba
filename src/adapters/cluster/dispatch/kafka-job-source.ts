import type { JobSpec } from '../../../model/job.ts';
import type { JobClass, JobSource } from '../../../ports/job-dispatch.ts';
import type { Lease } from '../../../ports/job-queue.ts';
import { connectionOptions, type KafkaAccess } from '../kafka/access.ts';
import { setUpTopics } from '../kafka/set-up-topics.ts';
import type { HeldRecord } from '../share-consumer/held-record.ts';
import { ShareConsumer } from '../share-consumer/share-consumer.ts';
import { parseOffer } from './offer-json.ts';
import { eventTopic, jobTopicSettings, type TopicNames } from './topics.ts';

/** Claims the very job that a record names. `unclaimed` describes a job that nobody is known to have claimed yet. */
export type JobClaims = {
  claimJob(
    jobId: string,
    request: { worker: string; delivery: string; leaseMs: number; unclaimed?: JobSpec },
  ): Promise<Lease | 'elsewhere' | 'settled' | 'busy'>;
};

type Claiming = {
  readonly worker: string;
  readonly leaseMs: number;
  readonly claims: JobClaims;
};

export type JobSourceOptions = Claiming & {
  readonly access: KafkaAccess;
  readonly names: TopicNames;
  readonly classes: readonly JobClass[];
  /** Hears of everything that failed and is being repeated. */
  readonly onTrouble: (error: unknown) => void;
};

/** A look at one class cannot be taken back when another class gave a job first: so it is short. */
const LOOK_MS = 1000;
const EVENT_PARTITIONS = 8;

/** A consumer of the group of a class's topic. */
export type Member = { readonly topic: string; readonly consumer: Pick<ShareConsumer, 'poll' | 'close'> };
type Lane = Member & { looking: Promise<void> | null };
type IsUnwanted = Parameters<JobSource['take']>[1];
type Arrival = { readonly topic: string; readonly record: HeldRecord };

/**
 * Takes records of this worker's classes out of their share groups and claims the jobs they name. A record stays locked for this worker as long as it has the job: when
 * the lock is lost, somebody else has been given the record and takes the job over.
 *
 * What the row says decides. A record of a job that needs nobody any more, that runs elsewhere, or whose exclusive key is taken is used up at once, and so is one that
 * cannot be read: control reads the rows and offers again what is ready.
 */
export class KafkaJobSource implements JobSource {
  readonly #claiming: Claiming;
  readonly #nowMs: () => number;
  readonly #lanes: readonly Lane[];
  readonly #held = new Map<string, HeldRecord>();
  readonly #arrived: Arrival[] = [];
  #isTaking = false;
  #fault: { readonly error: unknown } | null = null;

  /** Of groups that were joined before. `nowMs` never goes back; its zero is anywhere. */
  constructor(claiming: Claiming, members: readonly Member[], nowMs: () => number) {
    this.#claiming = claiming;
    this.#lanes = members.map((member) => ({ ...member, looking: null }));
    this.#nowMs = nowMs;
  }

  /** Sets up the topics of the classes, or checks them, and joins their groups. Throws SL-151 to SL-153. */
  static async open(options: JobSourceOptions): Promise<KafkaJobSource> {
    const { access, names, classes, onTrouble } = options;
    const jobs = classes.map((jobClass) => jobTopicSettings(names, jobClass));
    await setUpTopics(access, { eventTopic: eventTopic(names), eventPartitions: EVENT_PARTITIONS, replicas: names.replicas, jobs });
    const members: Member[] = [];
    try {
      const { bootstrapBrokers, ...connection } = connectionOptions(access);
      const place = { brokers: bootstrapBrokers, clientId: access.clientId, options: connection };
      for (const { topic } of jobs) members.push({ topic, consumer: await ShareConsumer.open({ ...place, topic, group: topic, onTrouble }) });
    } catch (error) {
      await Promise.all(members.map(({ consumer }) => consumer.close()));
      throw error;
    }
    return new KafkaJobSource(options, members, () => performance.now());
  }

  /** Looks at all classes at once. What two of them give at the same moment is one too many: it goes back to the others. */
  async take(waitMs: number, isUnwanted: IsUnwanted): Promise<Lease | null> {
    const endMs = this.#nowMs() + waitMs;
    this.#isTaking = true;
    try {
      for (let leftMs = waitMs; leftMs > 0; leftMs = endMs - this.#nowMs()) {
        for (const lane of this.#lanes) lane.looking ??= this.#look(lane, this.#lanes.length === 1 ? leftMs : Math.min(LOOK_MS, leftMs));
        await Promise.race(this.#lanes.map(({ looking }) => looking));
        this.#throwFault();
        const arrival = this.#arrived.shift();
        const lease = arrival && (await this.#claim(arrival, isUnwanted));
        if (lease) return lease;
      }
      return null;
    } finally {
      this.#isTaking = false;
      for (const { record } of this.#arrived.splice(0)) void handBack(record);
    }
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

  async #look(lane: Lane, waitMs: number): Promise<void> {
    const { topic, consumer } = lane;
    try {
      const record = await consumer.poll(waitMs);
      if (record && this.#isTaking) this.#arrived.push({ topic, record });
      else if (record) await handBack(record);
    } catch (error) {
      this.#fault = { error };
    } finally {
      lane.looking = null;
    }
  }

  #throwFault(): void {
    const fault = this.#fault;
    this.#fault = null;
    if (fault) throw fault.error;
  }

  async #claim({ topic, record }: Arrival, isUnwanted: IsUnwanted): Promise<Lease | null> {
    const { claims, worker, leaseMs } = this.#claiming;
    const { value, offset, deliveryCount } = record;
    const job = parseOffer(value ?? new Uint8Array());
    try {
      if (job === null) {
        await useUp(record);
        return null;
      }
      const { fence, ...spec } = job;
      const isUnclaimed = fence === 0 && deliveryCount === 1;
      const claim = { worker, leaseMs, delivery: `${topic}/${offset}#${deliveryCount}`, ...(isUnclaimed ? { unclaimed: spec } : {}) };
      const claiming = claims.claimJob(spec.id, claim);
      const [claimed, isInVain] = await Promise.all([claiming, isUnwanted(spec)]);
      if (typeof claimed === 'string' || isInVain) {
        await useUp(record);
        return null;
      }
      this.#held.set(claimed.attemptId, record);
      return claimed;
    } catch (error) {
      // The row is where it was, or ours without our knowing: whoever gets the record next takes it over.
      await handBack(record);
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

/** A lock that is gone has gone back already. */
async function handBack(record: HeldRecord): Promise<void> {
  await record.release().catch(() => {});
}
