import { type Evidence, type JobResult, type JobState, MAX_FAILURES } from '../../../model/job.ts';
import type { Lease, Spent } from '../../../ports/job-queue.ts';
import type { JobBoard } from './job-board.ts';
import { CQL, headOf, type JobHead, type ListedJob, listedOf } from './job-rows.ts';
import { storeJson } from './long-text.ts';
import type { CassandraSession, Decided, Row, Values } from './session.ts';

type Change = [seen: SeenJob, next: JobHead, query: string, values: Values, isOurs: (row: Row | null, writeId: string) => boolean];

/** A job's row as just read. */
export type SeenJob = { readonly listed: ListedJob; readonly head: JobHead };

/**
 * The transactions on a job's own partition. Each first announces itself to the board (but a renewal, which changes no state), carries an id of its
 * own, and is refused unless the row is as it was seen: by version, or by fence and attempt for the holder of the lease.
 */
export class JobChanges {
  readonly #session: CassandraSession;
  readonly #board: JobBoard;
  /** Versions and beats of leases given by this process, so that their ends need not read first. */
  readonly #held = new Map<string, { readonly version: number; beat: number }>();

  constructor(session: CassandraSession, board: JobBoard) {
    this.#session = session;
    this.#board = board;
  }

  /** Null: no such job. */
  async see(jobId: string): Promise<SeenJob | null> {
    if (jobId === '') return null;
    const [row] = await this.#session.read(CQL.job, { jobId });
    return row ? { listed: listedOf(row), head: headOf(row) } : null;
  }

  /** Says that the job's state is about to change. */
  async announce({ listed, head }: SeenJob): Promise<void> {
    await this.#board.touch(listed, head.version + 1);
  }

  /** Leases an announced job: a ready one, or takes over a running one whose holder has lost it (a loss). Null: it is not as seen any more. */
  async lease(seen: SeenJob, request: { worker: string; delivery: string; leaseMs: number }): Promise<Lease | null> {
    const { listed, head } = seen;
    const isLoss = head.state === 'running';
    const fence = head.fence + 1;
    const next: JobHead = { ...head, ...request, state: 'running', version: head.version + 1, fence, beat: 0, losses: head.losses + (isLoss ? 1 : 0) };
    const values = { ...request, fence, ...(isLoss ? { lostFence: head.fence, losses: next.losses } : {}) };
    const decided = await this.#decideAnnounced(seen, next, isLoss ? CQL.takeOver : CQL.claim, values, (row, writeId) => row?.own_id === writeId);
    if (!decided.isApplied) return null;
    this.#held.set(decided.writeId, { version: next.version, beat: 0 });
    const { failures, losses } = next;
    const job = { ...listed.spec, state: next.state, fence, failures, losses, result: null };
    return { job, attemptId: decided.writeId, fence, worker: request.worker };
  }

  /** Makes a running job ready, whose lease was seen to run out (a loss). False: it is not as seen any more. */
  async takeBack(seen: SeenJob): Promise<boolean> {
    const { head } = seen;
    const next: JobHead = { ...head, state: 'ready', version: head.version + 1, losses: head.losses + 1 };
    const values = { fence: head.fence, beat: head.beat, losses: next.losses, outcome: 'lost' };
    return (await this.#decide(seen, next, CQL.takeBack, values, isEndOurs)).isApplied;
  }

  /** Unfinished work that nobody wants any more. False: it is not as seen any more. */
  async drop(seen: SeenJob): Promise<boolean> {
    const { head } = seen;
    const next: JobHead = { ...head, state: 'dropped', version: head.version + 1 };
    if (head.state === 'ready') return (await this.#decide(seen, next, CQL.dropReady, {}, isRowOurs)).isApplied;
    return (await this.#decide(seen, next, CQL.dropRunning, { fence: head.fence, outcome: 'released' }, isEndOurs)).isApplied;
  }

  async revive(seen: SeenJob): Promise<boolean> {
    const next: JobHead = { ...seen.head, state: 'ready', version: seen.head.version + 1, failures: 0 };
    return (await this.#decide(seen, next, CQL.revive, {}, isRowOurs)).isApplied;
  }

  /** Answers within a third of the lease, or throws SL-145. Gives the job's head when the lease is held. */
  async renew(lease: Lease, leaseMs: number, framesSoFar: number): Promise<JobHead | null> {
    const seen = await this.#seeHeld(lease);
    if (!seen) return null;
    const beat = seen.head.beat + 1;
    const values = { ...heldBy(lease), beat, leaseMs, frames: framesSoFar };
    const find = { query: CQL.find, values: { jobId: lease.job.id, fence: lease.fence } };
    const { isApplied } = await this.#session.lwt({ query: CQL.renew, values, find, isOurs: isRowOurs, patienceMs: leaseMs / 3 });
    if (!isApplied) {
      this.#held.delete(lease.attemptId);
      return null;
    }
    this.#held.set(lease.attemptId, { version: seen.head.version, beat });
    const head = { ...seen.head, beat, leaseMs };
    this.#board.learn(seen.listed, head);
    return head;
  }

  /** The stored form of the result when the lease was held, else null. */
  async complete(lease: Lease, result: JobResult, spent: Spent): Promise<string | null> {
    const stored = await storeJson(this.#session, result);
    const isDone = await this.#end(lease, 'done', CQL.complete, { result: stored, outcome: 'done', ...spent });
    return isDone ? stored : null;
  }

  async fail(lease: Lease, evidence: Evidence, spent: Spent): Promise<'ready' | 'parked' | 'lost'> {
    const failures = lease.job.failures + 1;
    const state = failures >= MAX_FAILURES ? 'parked' : 'ready';
    const values = { state, failures, evidence: await storeJson(this.#session, evidence), outcome: 'failed', ...spent };
    return (await this.#end(lease, state, CQL.fail, values)) ? state : 'lost';
  }

  release(lease: Lease, spent: Spent): Promise<boolean> {
    return this.#end(lease, 'ready', CQL.release, { outcome: 'released', ...spent });
  }

  async #end(lease: Lease, state: JobState, query: string, values: Values): Promise<boolean> {
    const seen = await this.#seeHeld(lease);
    if (!seen) return false;
    const failures = typeof values.failures === 'number' ? values.failures : seen.head.failures;
    const next: JobHead = { ...seen.head, state, version: seen.head.version + 1, failures };
    const decided = await this.#decide(seen, next, query, { ...values, ...heldBy(lease) }, isEndOurs);
    this.#held.delete(lease.attemptId);
    return decided.isApplied;
  }

  /** The job as it is while this lease holds; null when the row says that it does not. */
  async #seeHeld(lease: Lease): Promise<SeenJob | null> {
    const held = this.#held.get(lease.attemptId);
    if (!held) {
      const seen = await this.see(lease.job.id);
      return seen && seen.head.state === 'running' && seen.head.fence === lease.fence ? seen : null;
    }
    const { failures, losses, fence } = lease.job;
    const head: JobHead = { state: 'running', fence, failures, losses, worker: lease.worker, delivery: '', leaseMs: 0, ...held };
    return { listed: { spec: lease.job, enqueuedMs: 0, enqueuedN: 0 }, head };
  }

  async #decide(...change: Change): Promise<Decided> {
    await this.announce(change[0]);
    return this.#decideAnnounced(...change);
  }

  async #decideAnnounced(...[{ listed, head }, next, query, values, isOurs]: Change): Promise<Decided> {
    const jobId = listed.spec.id;
    const find = { query: CQL.find, values: { jobId, fence: Number(values.fence ?? head.fence) } };
    const isPlain = query === CQL.dropReady || query === CQL.revive;
    const decided = await this.#session.lwt({
      query,
      values: { ...values, jobId, version: head.version, next: next.version, nowMs: this.#session.clock.nowMs() },
      find: isPlain ? { query: CQL.findAny, values: { jobId } } : find,
      isOurs,
    });
    if (decided.isApplied) this.#board.learn(listed, next);
    return decided;
  }
}

function heldBy(lease: Lease): Values {
  return { jobId: lease.job.id, fence: lease.fence, attemptId: lease.attemptId };
}

function isEndOurs(row: Row | null, writeId: string): boolean {
  return row?.end_id === writeId;
}

function isRowOurs(row: Row | null, writeId: string): boolean {
  return row?.write_id === writeId;
}
