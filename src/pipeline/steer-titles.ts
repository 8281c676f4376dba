import type { Job } from '../model/job.ts';
import type { Title, TitleState } from '../model/title.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobClass, JobDispatch, ReadyJob, Turn, Wake, WakeNote, WorkerRegistry } from '../ports/job-dispatch.ts';
import type { TitleStore } from '../ports/title-store.ts';
import { chooseAdmissions } from './admit.ts';
import { type Bell, createBell } from './bell.ts';
import type { Control } from './control.ts';
import { classOf } from './job-class.ts';
import { Offers } from './offers.ts';
import { isLive } from './title-changes.ts';
import { type Admission, WaitingTitles } from './waiting-titles.ts';

/** What control asks the job rows, besides the port that every worker has. */
export type OpenJobs = {
  /**
   * Ready jobs of a title's revision as this process last saw them (`counts` looks), in the order they should be done, at most `limit`. Leases that it saw run out are
   * taken back before.
   */
  readyJobs(titleId: string, revision: string, limit: number): Promise<readonly ReadyJob[]>;
  /** Which of a revision's jobs were neither ready nor running when this process last saw them. Reads nothing. */
  overJobs(titleId: string, revision: string, jobIds: readonly string[]): readonly string[];
  get(jobId: string): Promise<Job | null>;
};

export type Steering = {
  /** Name of this process. */
  readonly owner: string;
  readonly titles: Pick<TitleStore, 'listLive'>;
  readonly jobs: OpenJobs;
  readonly control: Pick<Control, 'advance' | 'relayEvents'>;
  readonly dispatch: JobDispatch;
  readonly wake: Pick<Wake, 'listen'>;
  readonly workers: Pick<WorkerRegistry, 'list'>;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly observe?: (note: SteeringNote) => void;
};

export type SteeringNote =
  | { readonly type: 'turn'; readonly isOurs: boolean }
  | { readonly type: 'title'; readonly title: Title }
  | { readonly type: 'offered'; readonly jobClass: JobClass; readonly jobs: number }
  /** Every few seconds. */
  | { readonly type: 'round'; readonly byClass: ReadonlyMap<JobClass, ClassFigures> }
  /** All live titles were looked at. */
  | { readonly type: 'swept'; readonly byState: ReadonlyMap<TitleState, number> }
  | { readonly type: 'stranded'; readonly jobClass: JobClass; readonly jobs: number }
  | { readonly type: 'trouble'; readonly error: unknown };

/** `ready`: not offered yet, as last read; `offered`: not settled; `slots`: of the workers that are there. */
export type ClassFigures = { readonly ready: number; readonly offered: number; readonly slots: number };

/** A round looks at what nobody told of: at every live title as long as a page holds them all, else at the next page of them, so that it costs the same for any number. */
const ROUND_MS = 5000;
/** How often the turn is asked for. */
const HOLD_MS = 3000;
const TROUBLE_PAUSE_MS = 1000;
const READY_AT_ONCE = 256;
const PAGE = 500;
/** Of a page, between two looks at what notes told of: those come first. */
const PAGE_AT_ONCE = 64;
/** Titles advanced at the same time. */
const ADVANCED_AT_ONCE = 16;

/** How far the walk over the live titles is. */
type Sweep = { readonly cursor: string | null; readonly seen: ReadonlyMap<TitleState, number>; readonly isFirst: boolean; readonly isDue: boolean };

const START: Sweep = { cursor: null, seen: new Map(), isFirst: true, isDue: true };

/**
 * Moves live titles along and offers their ready jobs to the workers, while it has the turn; stands by otherwise. Everything it knows it can lose: after a start or a
 * change of turn it reads the rows again, and at worst offers jobs twice, which claims sort out.
 */
export async function steerTitles(steering: Steering): Promise<void> {
  const bell = createBell(steering.clock);
  const desk = new Desk(steering, bell);
  const ear = await steering.wake.listen((note) => desk.note(note));
  steering.signal.addEventListener('abort', () => bell.ring(), { once: true });
  try {
    while (!steering.signal.aborted) {
      await desk.work().catch(async (error: unknown) => {
        steering.observe?.({ type: 'trouble', error });
        await steering.clock.sleep(TROUBLE_PAUSE_MS, steering.signal);
      });
    }
  } finally {
    await ear.stop();
    await steering.turn.release(steering.owner).catch(() => {});
  }
}

class Desk {
  readonly #steering: Steering;
  readonly #bell: Bell;
  readonly #offers = new Offers();
  readonly #woken = new Set<string>();
  /** Ready jobs, as last read. */
  readonly #waiting = new WaitingTitles<ReadyJob>();
  /** Titles that have more ready jobs than were read. */
  readonly #cut = new Set<string>();
  #slots: ReadonlyMap<JobClass, number> = new Map();
  #isOurs = false;
  #heldAtMs = Number.NEGATIVE_INFINITY;
  #roundAtMs = Number.NEGATIVE_INFINITY;
  #sweep: Sweep = START;
  /** Of the page at hand those not looked at yet. */
  readonly #page: string[] = [];

  constructor(steering: Steering, bell: Bell) {
    this.#steering = steering;
    this.#bell = bell;
  }

  note({ titleId, jobId }: WakeNote): void {
    if (jobId !== null) this.#offers.end(jobId);
    this.#woken.add(titleId);
    this.#bell.ring();
  }

  /** One look at everything that changed, then waits for the next change. */
  async work(): Promise<void> {
    const { clock } = this.#steering;
    if (clock.nowMs() - this.#heldAtMs >= HOLD_MS) await this.#holdTurn();
    if (!this.#isOurs) return void (await this.#bell.wait(HOLD_MS));
    if (clock.nowMs() - this.#roundAtMs >= ROUND_MS) await this.#round();
    if (this.#sweep.isDue && this.#page.length === 0) await this.#readPage();
    const woken = new Set([...this.#woken, ...this.#page.splice(0, PAGE_AT_ONCE)]);
    this.#woken.clear();
    await inGroups([...woken], ADVANCED_AT_ONCE, (titleId) => this.#look(titleId));
    await this.#offer();
    const isIdle = this.#woken.size === 0 && this.#page.length === 0 && !this.#sweep.isDue;
    if (isIdle) await this.#bell.wait(Math.min(HOLD_MS, ROUND_MS));
  }

  async #holdTurn(): Promise<void> {
    const { turn, owner, clock, observe } = this.#steering;
    const isOurs = await turn.hold(owner);
    this.#heldAtMs = clock.nowMs();
    if (isOurs === this.#isOurs) return;
    this.#isOurs = isOurs;
    observe?.({ type: 'turn', isOurs });
    // Whoever had the turn before may have offered anything.
    this.#offers.clear();
    this.#waiting.clear();
    this.#cut.clear();
    this.#sweep = START;
    this.#page.length = 0;
    this.#roundAtMs = Number.NEGATIVE_INFINITY;
  }

  /** What nobody told of: lost leases, offers without an answer, who is there, and the next live titles. */
  async #round(): Promise<void> {
    const { workers, control, clock } = this.#steering;
    this.#roundAtMs = clock.nowMs();
    await control.relayEvents();
    this.#slots = slotsOf(await workers.list());
    await this.#reviewOffers();
    this.#sweep = { ...this.#sweep, isDue: true };
    const byClass = this.#figures();
    this.#steering.observe?.({ type: 'round', byClass });
    for (const [jobClass, { ready, slots }] of byClass) if (ready > 0 && slots === 0) this.#steering.observe?.({ type: 'stranded', jobClass, jobs: ready });
  }

  #figures(): Map<JobClass, ClassFigures> {
    const figures = new Map<JobClass, { ready: number; offered: number; slots: number }>();
    const add = (jobClass: JobClass, what: keyof ClassFigures, count: number) => {
      const known = figures.get(jobClass) ?? { ready: 0, offered: 0, slots: 0 };
      known[what] += count;
      figures.set(jobClass, known);
    };
    for (const [jobClass, slots] of this.#slots) add(jobClass, 'slots', slots);
    for (const jobs of this.#waiting.values()) for (const { jobClass } of jobs) add(jobClass, 'ready', 1);
    for (const { jobClass } of this.#offers.values()) add(jobClass, 'offered', 1);
    return figures;
  }

  /** Reads a page of the live titles, to be looked at. The first time, after a change of turn, page follows page until all were looked at. */
  async #readPage(): Promise<void> {
    const { titles, observe } = this.#steering;
    const { cursor, seen, isFirst } = this.#sweep;
    const page = await titles.listLive(cursor, PAGE);
    this.#page.push(...page.titles.map(({ id }) => id));
    const byState = new Map(seen);
    for (const { state } of page.titles) byState.set(state, (byState.get(state) ?? 0) + 1);
    if (page.cursor !== null) {
      this.#sweep = { cursor: page.cursor, seen: byState, isFirst, isDue: isFirst };
      return;
    }
    this.#sweep = { ...START, isFirst: false, isDue: false };
    observe?.({ type: 'swept', byState });
  }

  /** The titles of offers that are old are looked at, too: whatever became of their jobs, somebody should have told. */
  async #reviewOffers(): Promise<void> {
    const { jobs, clock } = this.#steering;
    await inGroups(this.#offers.dueForReview(clock.nowMs()), ADVANCED_AT_ONCE, async (offer) => {
      const job = await jobs.get(offer.jobId);
      if (job?.state === 'running') this.#offers.isRunning(offer, clock.nowMs());
      else if (job?.state === 'ready') this.#offers.giveUp(offer.jobId);
      else this.#offers.end(offer.jobId);
      this.#woken.add(offer.titleId);
    });
  }

  /** Advances one title and reads what of it can be done now. */
  async #look(titleId: string): Promise<void> {
    const { control, jobs, observe } = this.#steering;
    const title = await control.advance(titleId);
    if (title === null || !isLive(title)) {
      this.#waiting.set(titleId, []);
      this.#cut.delete(titleId);
      for (const { jobId } of this.#offers.ofTitle(titleId)) this.#offers.end(jobId);
      if (title) observe?.({ type: 'title', title });
      return;
    }
    observe?.({ type: 'title', title });
    // Those offered may not have been taken yet, and are not what is asked for.
    const limit = READY_AT_ONCE + this.#offers.size;
    const ready = await jobs.readyJobs(titleId, title.revision, limit);
    this.#endOffers(title, ready);
    if (ready.length === limit) this.#cut.add(titleId);
    else this.#cut.delete(titleId);
    const open = ready.filter((job) => !this.#offers.has(job.id));
    this.#waiting.set(
      titleId,
      open.map((job) => ({ job, jobClass: classOf(title, job) })),
    );
  }

  /** Offers whose jobs are over, or ready again after somebody had them: notes may have been lost. */
  #endOffers({ id, revision }: Title, ready: readonly ReadyJob[]): void {
    const offered = this.#offers.ofTitle(id);
    if (offered.length === 0) return;
    const fences = new Map(ready.map((job) => [job.id, job.fence]));
    const back = offered.filter(({ jobId, fence }) => (fences.get(jobId) ?? fence) > fence).map(({ jobId }) => jobId);
    const jobIds = offered.map(({ jobId }) => jobId);
    for (const jobId of [...back, ...this.#steering.jobs.overJobs(id, revision, jobIds)]) this.#offers.end(jobId);
  }

  async #offer(): Promise<void> {
    const admissions = chooseAdmissions({ waiting: this.#waiting, offered: this.#offers.values(), slots: this.#slots });
    const byClass = [...Map.groupBy(admissions, (admission) => admission.jobClass)];
    const offering = byClass.map(([jobClass, chosen]) => this.#offerOf(jobClass, chosen));
    const failed = (await Promise.allSettled(offering)).find((offered) => offered.status === 'rejected');
    if (failed) throw failed.reason;
    for (const [titleId, ofTitle] of Map.groupBy(admissions, ({ job }) => job.titleId)) this.#forget(titleId, new Set(ofTitle.map(({ job }) => job.id)));
  }

  async #offerOf(jobClass: JobClass, chosen: readonly Admission<ReadyJob>[]): Promise<void> {
    const { dispatch, clock, observe } = this.#steering;
    const jobs = chosen.map(({ job }) => job);
    await dispatch.offer(jobClass, jobs);
    for (const job of jobs) this.#offers.add(job, jobClass, clock.nowMs());
    observe?.({ type: 'offered', jobClass, jobs: jobs.length });
  }

  /** What was offered waits no longer. A title of which nothing waits any more is looked at again if it had more than was read. */
  #forget(titleId: string, offered: ReadonlySet<string>): void {
    const left = this.#waiting.jobsOf(titleId).filter(({ job }) => !offered.has(job.id));
    this.#waiting.set(titleId, left);
    if (left.length === 0 && this.#cut.has(titleId)) this.#woken.add(titleId);
  }
}

function slotsOf(workers: readonly { readonly classes: readonly JobClass[]; readonly slots: number }[]): Map<JobClass, number> {
  const slots = new Map<JobClass, number>();
  for (const worker of workers) for (const jobClass of worker.classes) slots.set(jobClass, (slots.get(jobClass) ?? 0) + worker.slots);
  return slots;
}

async function inGroups<T>(items: readonly T[], size: number, work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += size) await Promise.all(items.slice(start, start + size).map(work));
}
