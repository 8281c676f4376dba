import type { JobChanges, SeenJob } from './job-changes.ts';
import { Observations } from './observations.ts';
import type { CassandraSession, Row } from './session.ts';

/** Between a key's row and its job's claim lie milliseconds; a claimer that took longer is taken to have died in between. */
const PENDING_MS = 5000;
const FIND = 'SELECT job_id, fence, write_id FROM exclusive_key WHERE exclusive_key = :key';

/**
 * Which job may run for a key: a row that names a job and the fence of its claim, good while that job runs under that fence. Nobody has to give a
 * key back. An economy: a claimer that stops for seconds between key and claim can make two jobs of one key run at once.
 */
export class ExclusiveKeys {
  readonly #session: CassandraSession;
  readonly #changes: JobChanges;
  readonly #hasExpired: (seen: SeenJob) => boolean;
  readonly #pending: Observations;

  /** `hasExpired` tells of a running job whether its lease was seen to run out. */
  constructor(session: CassandraSession, changes: JobChanges, hasExpired: (seen: SeenJob) => boolean) {
    this.#session = session;
    this.#changes = changes;
    this.#hasExpired = hasExpired;
    this.#pending = new Observations(session.clock);
  }

  /** Takes a key that no job ever had for the next claim of this one. False: some job had it, or has it. */
  takeNew(key: string, job: SeenJob): Promise<boolean> {
    const insert = 'INSERT INTO exclusive_key (exclusive_key, job_id, fence, write_id) VALUES (:key, :jobId, :fence, :writeId) IF NOT EXISTS';
    return this.#decide(insert, claimOf(key, job));
  }

  /** Takes the key for the next claim of a job. False: another job has it. */
  async take(key: string, job: SeenJob): Promise<boolean> {
    const [row] = await this.#session.read(FIND, { key });
    if (!row) return this.takeNew(key, job);
    if (row.job_id !== job.listed.spec.id && (await this.#isHeld(key, row))) return false;
    const update = 'UPDATE exclusive_key SET job_id = :jobId, fence = :fence, write_id = :writeId WHERE exclusive_key = :key IF write_id = :before';
    return this.#decide(update, { ...claimOf(key, job), before: row.write_id });
  }

  async #decide(query: string, values: { readonly [name: string]: string | number }): Promise<boolean> {
    const find = { query: FIND, values: { key: values.key } };
    return (await this.#session.lwt({ query, values, find, isOurs: (found, writeId) => found?.write_id === writeId })).isApplied;
  }

  async #isHeld(key: string, row: Row): Promise<boolean> {
    const holder = await this.#changes.see(row.job_id);
    if (!holder) return false;
    const { state, fence } = holder.head;
    if (state === 'ready' && fence + 1 === row.fence) return this.#pending.standsStillMs(key, row.write_id) < PENDING_MS;
    this.#pending.forget(key);
    if (state !== 'running' || fence !== row.fence) return false;
    return !(this.#hasExpired(holder) && (await this.#changes.takeBack(holder)));
  }
}

function claimOf(key: string, { listed, head }: SeenJob) {
  return { key, jobId: listed.spec.id, fence: head.fence + 1 };
}
