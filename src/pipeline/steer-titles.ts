import type { Job, JobSpec } from '../model/job.ts';
import type { Title, TitleState } from '../model/title.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobClass, JobDispatch, Turn, Wake, WakeNote, WorkerRegistry } from '../ports/job-dispatch.ts';
import type { TitleStore } from '../ports/title-store.ts';
import { chooseAdmissions, type WaitingJobs } from './admit.ts';
import { type Bell, createBell } from './bell.ts';
import type { Control } from './control.ts';
import { classOf } from './job-class.ts';
import { isLive } from './title-changes.ts';

/** What control asks the job rows, besides the port that every worker has. */
export type OpenJobs = {
  /** Ready jobs of a title's revision, in the order they should be done, at most `limit`. Leases that this process saw run out are taken back before. */
  readyJobs(titleId: string, revision: string, limit: number): Promise<readonly JobSpec[]>;
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
  | { readonly type: 'round'; readonly byState: ReadonlyMap<TitleState, number>; readonly byClass: ReadonlyMap<JobClass, ClassFigures> }
  | { readonly type: 'stranded'; readonly jobClass: JobClass; readonly jobs: number }
  | { readonly type: 'trouble'; readonly error: unknown };

/** `ready`: not offered yet, as last read; `offered`: not settled; `slots`: of the workers that are there. */
export type ClassFigures = { readonly ready: number; readonly offered: number; readonly slots: number };

/** How long a lost note can cost, and how often a process without the turn asks for it. */
const ROUND_MS = 5000;
const HOLD_MS = 3000;
const TROUBLE_PAUSE_MS = 1000;
/** An offer that nobody took or settled for so long is looked at again. */
const STALE_MS = 60_000;
const READY_AT_ONCE = 256;
const PAGE = 500;
/** Titles advanced at the same time. */
const ADVANCED_AT_ONCE = 16;

type Offer = { readonly titleId: string; readonly jobClass: JobClass; readonly atMs: number };

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
  readonly #offers = new Map<string, Offer>();
  readonly #woken = new Set<string>();
  /** Ready jobs by title, as last read; in the order in which titles came. */
  readonly #waiting = new Map<string, WaitingJobs>();
  #slots: ReadonlyMap<JobClass, number> = new Map();
  #isOurs = false;
  #heldAtMs = Number.NEGATIVE_INFINITY;
  #roundAtMs = Number.NEGATIVE_INFINITY;

  constructor(steering: Steering, bell: Bell) {
    this.#steering = steering;
    this.#bell = bell;
  }

  note({ titleId, jobId }: WakeNote): void {
    if (jobId !== null) this.#offers.delete(jobId);
    this.#woken.add(titleId);
    this.#bell.ring();
  }

  /** One look at everything that changed, then waits for the next change. */
  async work(): Promise<void> {
    const { clock } = this.#steering;
    if (clock.nowMs() - this.#heldAtMs >= HOLD_MS) await this.#holdTurn();
    if (!this.#isOurs) return void (await this.#bell.wait(HOLD_MS));
    if (clock.nowMs() - this.#roundAtMs >= ROUND_MS) await this.#round();
    const woken = [...this.#woken];
    this.#woken.clear();
    await inGroups(woken, ADVANCED_AT_ONCE, (titleId) => this.#look(titleId));
    await this.#offer();
    if (this.#woken.size === 0) await this.#bell.wait(Math.min(HOLD_MS, ROUND_MS));
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
    this.#roundAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Everything that nobody told: all live titles, lost leases, offers without an answer, who is there. */
  async #round(): Promise<void> {
    const { titles, workers, control, clock, observe } = this.#steering;
    this.#roundAtMs = clock.nowMs();
    await control.relayEvents();
    this.#slots = slotsOf(await workers.list());
    await this.#reviewOffers();
    const byState = new Map<TitleState, number>();
    let cursor: string | null = null;
    do {
      const page = await titles.listLive(cursor, PAGE);
      for (const title of page.titles) {
        this.#woken.add(title.id);
        byState.set(title.state, (byState.get(title.state) ?? 0) + 1);
      }
      cursor = page.cursor;
    } while (cursor !== null);
    observe?.({ type: 'round', byState, byClass: this.#figures() });
  }

  #figures(): Map<JobClass, ClassFigures> {
    const waiting = [...this.#waiting.values()].flatMap(({ jobs }) => jobs);
    const ready = Map.groupBy(waiting, ({ jobClass }) => jobClass);
    const offered = Map.groupBy(this.#offers.values(), ({ jobClass }) => jobClass);
    const classes = new Set([...ready.keys(), ...offered.keys(), ...this.#slots.keys()]);
    const countsOf = (jobClass: JobClass): ClassFigures => ({
      ready: ready.get(jobClass)?.length ?? 0,
      offered: offered.get(jobClass)?.length ?? 0,
      slots: this.#slots.get(jobClass) ?? 0,
    });
    return new Map([...classes].map((jobClass) => [jobClass, countsOf(jobClass)]));
  }

  async #reviewOffers(): Promise<void> {
    const { jobs, clock } = this.#steering;
    const staleSinceMs = clock.nowMs() - STALE_MS;
    const stale = [...this.#offers].filter(([, offer]) => offer.atMs <= staleSinceMs);
    await inGroups(stale, ADVANCED_AT_ONCE, async ([jobId, offer]) => {
      const job = await jobs.get(jobId);
      if (job?.state === 'running') this.#offers.set(jobId, { ...offer, atMs: clock.nowMs() });
      else this.#offers.delete(jobId);
    });
  }

  /** Advances one title and reads what of it can be done now. */
  async #look(titleId: string): Promise<void> {
    const { control, jobs, observe } = this.#steering;
    const title = await control.advance(titleId);
    if (title === null || !isLive(title)) {
      this.#waiting.delete(titleId);
      if (title) observe?.({ type: 'title', title });
      return;
    }
    observe?.({ type: 'title', title });
    const ready = await jobs.readyJobs(titleId, title.revision, READY_AT_ONCE);
    const open = ready.filter((job) => !this.#offers.has(job.id)).map((job) => ({ job, jobClass: classOf(title, job) }));
    if (open.length > 0) this.#waiting.set(titleId, { titleId, jobs: open });
    else this.#waiting.delete(titleId);
  }

  async #offer(): Promise<void> {
    const { dispatch, clock, observe } = this.#steering;
    const admissions = chooseAdmissions({ waiting: [...this.#waiting.values()], offered: [...this.#offers.values()], slots: this.#slots });
    for (const [jobClass, chosen] of Map.groupBy(admissions, (admission) => admission.jobClass)) {
      const offered = chosen.map(({ job }) => job);
      await dispatch.offer(jobClass, offered);
      for (const job of offered) this.#offers.set(job.id, { titleId: job.titleId, jobClass, atMs: clock.nowMs() });
      observe?.({ type: 'offered', jobClass, jobs: offered.length });
    }
    this.#forget(new Set(admissions.map(({ job }) => job.id)));
    for (const [jobClass, jobs] of Map.groupBy(
      [...this.#waiting.values()].flatMap((title) => title.jobs),
      (waiting) => waiting.jobClass,
    )) {
      if (!this.#slots.has(jobClass)) observe?.({ type: 'stranded', jobClass, jobs: jobs.length });
    }
  }

  /** What was offered waits no longer. */
  #forget(offered: ReadonlySet<string>): void {
    if (offered.size === 0) return;
    for (const [titleId, { jobs }] of this.#waiting) {
      const left = jobs.filter(({ job }) => !offered.has(job.id));
      if (left.length === 0) this.#waiting.delete(titleId);
      else this.#waiting.set(titleId, { titleId, jobs: left });
    }
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
