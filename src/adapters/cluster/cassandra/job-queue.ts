import type { Evidence, Job, JobKind, JobResult, JobSpec } from '../../../model/job.ts';
import type { ReadyJob } from '../../../ports/job-dispatch.ts';
import type { JobCounts, JobQueue, Lease, Spent } from '../../../ports/job-queue.ts';
import { ExclusiveKeys } from './exclusive-keys.ts';
import { inParallel } from './in-parallel.ts';
import { listAttempts } from './job-attempts.ts';
import { type BoardJob, isReady, JobBoard, openJobs, type Revision, tally } from './job-board.ts';
import { JobChanges, type SeenJob } from './job-changes.ts';
import { JobLists } from './job-lists.ts';
import { CQL, compareTurns, compareUrgency, type JobHead, jobOf, UNCLAIMED } from './job-rows.ts';
import { Observations } from './observations.ts';
import type { CassandraSession } from './session.ts';

type Claim = { readonly worker: string; readonly delivery: string; readonly leaseMs: number };
/** Why a job is not given to the one who asks for it: it runs under another delivery, it needs no work, or its exclusive key is taken. */
type Refusal = 'elsewhere' | 'settled' | 'busy';

const WIDTH = 16;

/**
 * The jobs of all titles. A job's partition holds its state and attempts, and whoever wins its transaction has the job (`JobChanges`); plain rows list
 * the jobs and their results (`JobLists`); `JobBoard` keeps what this process knows of them and catches up at the cost of what changed.
 *
 * A lease that ran out is one that *this process* saw unrenewed for its whole length by its own clock, so a wrong clock delays or hurries nothing.
 */
export class CassandraJobQueue implements JobQueue {
  readonly #session: CassandraSession;
  readonly #lists: JobLists;
  readonly #board: JobBoard;
  readonly #changes: JobChanges;
  readonly #keys: ExclusiveKeys;
  readonly #leases: Observations;
  /** Jobs that a call of this process is claiming just now: the next call tries another one. */
  readonly #trying = new Set<string>();

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#lists = new JobLists(session);
    this.#board = new JobBoard(session, (view, bucket) => this.#lists.completeDone(view, bucket));
    this.#changes = new JobChanges(session, this.#board);
    this.#leases = new Observations(session.clock);
    this.#keys = new ExclusiveKeys(session, this.#changes, (seen) => this.#hasExpired(seen));
  }

  async enqueue(jobs: readonly JobSpec[]): Promise<void> {
    if (jobs.length === 0) return;
    const wanted = distinct(jobs);
    const made = await this.#lists.add(wanted).catch((error: unknown) => {
      this.#board.outdate(wanted);
      throw error;
    });
    if (made.length === wanted.length) this.#board.add(made);
    else this.#board.outdate(wanted);
  }

  async claim(request: { worker: string; titleIds: readonly string[]; leaseMs: number }): Promise<Lease | null> {
    const titles = await inParallel(request.titleIds, WIDTH, (titleId) => this.#lookAtTitle(titleId));
    for (const job of inTurn(titles.map((views) => views.flatMap(openJobs).filter(isReady).sort(compareTurns)))) {
      if (this.#trying.has(job.spec.id)) continue;
      this.#trying.add(job.spec.id);
      try {
        const outcome = await this.#claimSeen(await this.#changes.see(job.spec.id), { ...request, delivery: '' });
        if (typeof outcome !== 'string') return outcome;
      } finally {
        this.#trying.delete(job.spec.id);
      }
    }
    return null;
  }

  /**
   * Claims the very job that a broker handed out. `delivery` names the record that did and how often it was handed out, `<record>#<count>`, and is kept in the row: the
   * same record again means that the broker took the job from its holder, so a job that still runs under it is taken over (a loss); one that runs under another record
   * is left alone, and so is one whose holder was given the record after us, because we were slow.
   *
   * `unclaimed` describes the job when it is said to be as it was made: then nothing is read before it is tried.
   */
  async claimJob(jobId: string, { unclaimed, ...claim }: Claim & { unclaimed?: JobSpec }): Promise<Lease | Refusal> {
    const outcome = unclaimed ? await this.#claimUnclaimed(unclaimed, claim) : null;
    return outcome ?? this.#claimSeen(await this.#changes.see(jobId), claim);
  }

  /**
   * Ready jobs of a revision, as last looked at by this process (`counts` looks), in the order in which they should run; leases that were seen to run out are taken
   * back before.
   */
  async readyJobs(titleId: string, revision: string, limit: number): Promise<readonly ReadyJob[]> {
    const view = this.#board.lastSeen(titleId, revision) ?? (await this.#board.look(titleId, revision));
    return openJobs(await this.#lookAtLeases(view))
      .filter(isReady)
      .sort(compareTurns)
      .slice(0, limit)
      .map(({ spec, head }) => ({ ...spec, fence: head?.fence ?? 0 }));
  }

  /** Which of a revision's jobs were neither ready nor running when this process last looked. Reads nothing. */
  overJobs(titleId: string, revision: string, jobIds: readonly string[]): readonly string[] {
    const view = this.#board.lastSeen(titleId, revision);
    if (!view) return [];
    const isOpen = (job: BoardJob) => isReady(job) || job.head?.state === 'running';
    const open = new Set(openJobs(view).flatMap((job) => (isOpen(job) ? [job.spec.id] : [])));
    return jobIds.filter((id) => !open.has(id));
  }

  async renew(lease: Lease, leaseMs: number, framesSoFar: number): Promise<boolean> {
    const head = await this.#changes.renew(lease, leaseMs, framesSoFar);
    if (head) this.#sight(lease.job.id, head);
    return head !== null;
  }

  async complete(lease: Lease, result: JobResult, spent: Spent): Promise<boolean> {
    const stored = await this.#changes.complete(lease, result, spent);
    if (stored === null) return false;
    this.#leases.forget(lease.job.id);
    await this.#lists.addDone(lease.job, stored);
    return true;
  }

  async fail(lease: Lease, evidence: Evidence, spent: Spent): Promise<'ready' | 'parked' | 'lost'> {
    return this.#changes.fail(lease, evidence, spent);
  }

  async release(lease: Lease, spent: Spent): Promise<boolean> {
    return this.#changes.release(lease, spent);
  }

  async get(jobId: string): Promise<Job | null> {
    if (jobId === '') return null;
    const [row] = await this.#session.read(CQL.job, { jobId });
    return row ? jobOf(this.#session, row) : null;
  }

  async counts(titleId: string, revision: string): Promise<JobCounts> {
    return tally(await this.#board.look(titleId, revision));
  }

  async findParked(titleId: string, revision: string): Promise<Job | null> {
    const view = await this.#board.look(titleId, revision);
    const [parked] = openJobs(view)
      .filter((job) => job.head?.state === 'parked')
      .sort(compareTurns);
    return parked ? this.get(parked.spec.id) : null;
  }

  listDone(titleId: string, revision: string, kind: JobKind, cursor: string | null, limit: number) {
    return this.#lists.listDone(this.#board, { titleId, revision, kind, cursor, limit });
  }

  listAttempts(titleId: string, cursor: string | null, limit: number) {
    return listAttempts(this.#session, this.#lists, { titleId, cursor, limit });
  }

  async drop(titleId: string, revision: string): Promise<void> {
    await this.#changeAll(titleId, revision, ['ready', 'running'], (seen) => this.#changes.drop(seen));
  }

  async revive(titleId: string, revision: string): Promise<void> {
    await this.#changeAll(titleId, revision, ['parked', 'dropped'], (seen) => this.#changes.revive(seen));
  }

  /** Changes every job that is in one of these states, however often others are first. */
  async #changeAll(titleId: string, revision: string, states: readonly string[], change: (seen: SeenJob) => Promise<boolean>): Promise<void> {
    const view = await this.#board.look(titleId, revision);
    const jobs = openJobs(view).filter((job) => states.includes(job.head?.state ?? 'ready'));
    await inParallel(jobs, WIDTH, async (job) => {
      for (;;) {
        const seen = await this.#changes.see(job.spec.id);
        if (!seen || !states.includes(seen.head.state) || (await change(seen))) return;
      }
    });
  }

  /** Key and lease at once; a lease without the key is given back. Null: the job is not as it was made. */
  async #claimUnclaimed(spec: JobSpec, claim: Claim): Promise<Lease | Refusal | null> {
    const made: SeenJob = { listed: { spec, enqueuedMs: 0, enqueuedN: 0 }, head: UNCLAIMED };
    const { exclusiveKey, id } = spec;
    const [isFirst, lease] = await Promise.all([
      exclusiveKey === null || this.#keys.takeNew(exclusiveKey, made),
      this.#changes.announce(made).then(() => this.#changes.lease(made, claim)),
    ]);
    if (!lease) return null;
    if (exclusiveKey !== null && !isFirst && !(await this.#keys.take(exclusiveKey, made))) {
      await this.#changes.release(lease, { frames: 0, cpuSeconds: 0 });
      return 'busy';
    }
    this.#sight(id, { ...UNCLAIMED, fence: lease.fence });
    return lease;
  }

  async #claimSeen(seen: SeenJob | null, claim: Claim): Promise<Lease | Refusal> {
    if (!seen) return 'settled';
    const { listed, head } = seen;
    const isTakeOver = head.state === 'running' && isHandedOutAgain(claim.delivery, head.delivery);
    if (head.state === 'running' && !isTakeOver) {
      this.#board.learn(listed, head);
      return 'elsewhere';
    }
    if (head.state !== 'ready' && !isTakeOver) {
      this.#board.learn(listed, head);
      return 'settled';
    }
    const { exclusiveKey, id } = listed.spec;
    // The claim may be announced before the key is ours: an announcement without its change costs a read.
    const [isFree] = await Promise.all([exclusiveKey === null || this.#keys.take(exclusiveKey, seen), this.#changes.announce(seen)]);
    if (!isFree) return 'busy';
    const lease = await this.#changes.lease(seen, claim);
    if (!lease) return this.#claimSeen(await this.#changes.see(id), claim);
    this.#sight(id, { ...head, fence: lease.fence, beat: 0 });
    return lease;
  }

  async #lookAtTitle(titleId: string): Promise<Revision[]> {
    const revisions = await this.#lists.revisionsOf(titleId);
    return inParallel(revisions, WIDTH, async (revision) => this.#lookAtLeases(await this.#board.look(titleId, revision)));
  }

  /** Looks whether running jobs are still renewed, each as often as its holder should renew it, and takes back what is not. */
  async #lookAtLeases(view: Revision): Promise<Revision> {
    const isDue = ({ spec, head }: BoardJob) => head?.state === 'running' && this.#leases.isDue(spec.id, head.leaseMs);
    await inParallel(openJobs(view).filter(isDue), WIDTH, async (job) => {
      const seen = await this.#changes.see(job.spec.id);
      if (!seen) return;
      this.#board.learn(seen.listed, seen.head);
      if (seen.head.state === 'running' && this.#hasExpired(seen)) await this.#changes.takeBack(seen);
    });
    return view;
  }

  #hasExpired({ listed, head }: SeenJob): boolean {
    return this.#sight(listed.spec.id, head) >= head.leaseMs;
  }

  /** Notes the lease as it is now, and answers for how long it was seen so. */
  #sight(jobId: string, head: Pick<JobHead, 'fence' | 'beat'>): number {
    return this.#leases.standsStillMs(jobId, `${head.fence} ${head.beat}`);
  }
}

/** Brokers that restart may give a record out again under the same count. */
function isHandedOutAgain(now: string, before: string): boolean {
  const [record, count = '0'] = now.split('#');
  const [recordBefore, countBefore = '0'] = before.split('#');
  return record !== '' && record === recordBefore && Number(count) >= Number(countBefore);
}

/** The first of each id. */
function distinct(jobs: readonly JobSpec[]): JobSpec[] {
  const seen = new Set<string>();
  return jobs.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** Jobs of several titles, each title's in its order, and the most urgent of the titles' next ones first. */
function* inTurn(ofTitles: readonly (readonly BoardJob[])[]): Generator<BoardJob> {
  const lanes = ofTitles.map((jobs) => [...jobs]).filter((jobs) => jobs.length > 0);
  while (lanes.length > 0) {
    const best = lanes.reduce((first, lane) => (compareUrgency(lane[0], first[0]) < 0 ? lane : first));
    yield best.shift()!;
    if (best.length === 0) lanes.splice(lanes.indexOf(best), 1);
  }
}
