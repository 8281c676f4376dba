import { type Job, type JobState, MAX_FAILURES } from '../../../src/model/job.ts';
import type { Title } from '../../../src/model/title.ts';
import { isLive } from '../../../src/pipeline/title-changes.ts';
import { NEXT_STATES } from '../truth.ts';
import type { SimProcess, World } from '../world.ts';
import type { SimBroker } from './broker.ts';
import type { Bound, Cells, Tables } from './tables.ts';
import type { ClusterProcess } from './trouble.ts';

type AttemptTruth = {
  readonly id: string;
  readonly jobId: string;
  readonly worker: string;
  /** Something happened that may cost this attempt's work. */
  isExcused: boolean;
  isRunning: boolean;
};
type JobTruth = {
  readonly titleId: string;
  readonly revision: string;
  readonly kind: string;
  readonly priority: number;
  state: JobState;
  readySinceMs: number;
};

/** The observer: sees every row change as it takes hold, whoever hears of it later, and compares with what the promises allow. */
export class ClusterTruth {
  readonly #world: World;
  readonly #broker: SimBroker;
  readonly #objects: ReadonlyMap<string, string>;
  readonly #processOf: (name: string) => ClusterProcess | undefined;
  readonly titles = new Map<string, Title>();
  readonly proven = new Map<string, string>();
  readonly jobs = new Map<string, JobTruth>();
  /** Ids of events written and not seen in the log yet. */
  readonly untold = new Set<string>();
  readonly #told = new Set<string>();
  /** Ids of events that some change of a title wrote. */
  readonly #written = new Set<string>();
  readonly #attempts = new Map<string, AttemptTruth>();
  readonly #encoders = new Map<string, AttemptTruth[]>();
  readonly #failures = new Map<string, number>();
  /** Jobs of others started since a title last got its turn, while it waited. */
  readonly #passedOver = new Map<string, number>();
  /** How many jobs of others may start while a title waits; null: no matter, something has gone wrong. */
  patience: () => number | null = () => null;
  readonly counted = { zombiesRefused: 0, losses: 0, encodes: 0, takeOvers: 0 };

  constructor(
    world: World,
    stores: { tables: Tables; broker: SimBroker; objects: ReadonlyMap<string, string> },
    processOf: (name: string) => ClusterProcess | undefined,
  ) {
    this.#world = world;
    this.#broker = stores.broker;
    this.#objects = stores.objects;
    this.#processOf = processOf;
    stores.tables.watch = (table, before, after, bound, byWhom) => {
      if (table === 'job') this.#jobChanged(before, after, bound, byWhom);
      else if (table === 'title') this.#titleRow(before, after);
      else if (table === 'result') this.#resultChanged(before, after);
    };
  }

  /** A fault at a process: what it has in hand may be done again. */
  excuseAll(process: SimProcess): void {
    this.#excuse(({ worker }) => worker === process.name);
  }

  excuseJob(job: Job, process: SimProcess): void {
    this.#excuse(({ jobId, worker }) => jobId === job.id && worker === process.name);
  }

  starts(attemptId: string, lastReadRevision: string | undefined): void {
    const attempt = this.#attempts.get(attemptId);
    if (!attempt) {
      this.#world.violate(`attempt ${attemptId} runs without a claim`);
      return;
    }
    attempt.isRunning = true;
    const job = this.jobs.get(attempt.jobId)!;
    if (job.state === 'done' && !attempt.isExcused) this.#world.violate(`${attempt.jobId} is done and runs again`);
    if (job.revision !== lastReadRevision)
      this.#world.violate(`${attempt.worker} runs ${attempt.jobId} though it read that the title is at ${lastReadRevision}`);
  }

  ended(attemptId: string): void {
    const attempt = this.#attempts.get(attemptId);
    if (attempt) attempt.isRunning = false;
  }

  /** Work that is somebody else's now ends soon, unless its process cannot know or cannot act. */
  mustStop(attemptId: string, process: ClusterProcess, why: string, withinMs = STOPS_WITHIN_MS): void {
    this.#world.after(withinMs, () => {
      const attempt = this.#attempts.get(attemptId);
      if (!attempt?.isRunning || !process.isAlive) return;
      if (this.#world.nowMs < process.troubledUntilMs + withinMs) this.mustStop(attemptId, process, why, withinMs);
      else this.#world.violate(`${process.name} goes on with ${attempt.jobId}, though ${why}`);
    });
  }

  toolFailed(job: Job): void {
    this.#failures.set(job.id, (this.#failures.get(job.id) ?? 0) + 1);
  }

  startsEncoding(attemptId: string, address: string): void {
    this.counted.encodes++;
    const attempt = this.#attempts.get(attemptId)!;
    if (this.proven.has(address) && !attempt.isExcused) this.#world.violate(`${address} is proven and is encoded again`);
    const encoders = this.#encoders.get(address) ?? [];
    encoders.push(attempt);
    this.#encoders.set(address, encoders);
    const unexcused = encoders.filter(({ isExcused }) => !isExcused);
    if (unexcused.length > 1) this.#world.violate(`${address} is encoded again though nothing happened to ${unexcused[0].worker}`);
  }

  /** The answer to a worker that settles. */
  answered(accepted: boolean): void {
    if (!accepted) this.counted.zombiesRefused++;
  }

  appended(eventIds: readonly string[]): void {
    for (const id of eventIds) {
      this.untold.delete(id);
      this.#told.add(id);
    }
  }

  /** When everything has come to rest. */
  checkEnd(): void {
    for (const title of this.titles.values()) if (isLive(title)) this.#world.violate(`${title.id} is still ${title.state}`);
    for (const id of this.untold) this.#world.violate(`${id} was never announced`);
    const ofTitles = this.#broker.events.filter(({ type }) => type !== 'chunk.proven');
    for (const { id } of ofTitles) if (!this.#written.has(id)) this.#world.violate(`${id} is in the log and was never written`);
  }

  #excuse(which: (attempt: AttemptTruth) => boolean): void {
    for (const attempt of this.#attempts.values()) if (!attempt.isExcused && which(attempt)) attempt.isExcused = true;
  }

  #jobChanged(before: Cells | null, after: Cells, bound: Bound, byWhom: string): void {
    const id = String(after.job_id);
    const known = this.jobs.get(id);
    if (before === null || !known) {
      const { title_id, revision, kind, priority, state } = after;
      if (state !== 'ready') this.#world.violate(`${id} begins as ${state}`);
      const job = { titleId: String(title_id), revision: String(revision), kind: String(kind), priority: Number(priority), state: 'ready' as const };
      this.jobs.set(id, { ...job, readySinceMs: this.#world.nowMs });
      return;
    }
    if (before.version === after.version) {
      if (before.beat !== after.beat && before.attempt_id !== bound.attemptId) this.#world.violate(`${byWhom} renews ${id}, which is not its own`);
      return;
    }
    this.#world.tell(byWhom, () => `${id} is ${after.state}, fence ${after.fence} ${bound.outcome ?? ''}`);
    if (after.version !== Number(before.version) + 1) this.#world.violate(`version of ${id} went from ${before.version} to ${after.version}`);
    this.#checkJobStep(id, before, after, bound, byWhom);
    known.state = after.state as JobState;
    known.readySinceMs = this.#world.nowMs;
  }

  #checkJobStep(id: string, before: Cells, after: Cells, bound: Bound, byWhom: string): void {
    const step = `${before.state} -> ${after.state}`;
    switch (step) {
      case 'ready -> running':
        this.#claimed(id, before, after, byWhom);
        return;
      case 'running -> running':
        this.counted.takeOvers++;
        this.#lost(id, before);
        this.#claimed(id, before, after, byWhom);
        return;
      case 'running -> ready':
        if (bound.outcome === 'lost') this.#lost(id, before);
        else this.#settled(id, before, bound, byWhom);
        return;
      case 'running -> done':
        this.#settled(id, before, bound, byWhom);
        if (JSON.parse(String(after.result)).attempt !== before.attempt_id) this.#world.violate(`${id} is done with the result of another attempt`);
        if (this.jobs.get(id)!.kind === 'encode' && !this.#told.has(`${id}/chunk.proven`))
          this.#world.violate(`${id} is done and nobody was told of its chunk`);
        return;
      case 'running -> parked':
        this.#settled(id, before, bound, byWhom);
        if ((this.#failures.get(id) ?? 0) < MAX_FAILURES) this.#world.violate(`${id} is parked after ${this.#failures.get(id) ?? 0} failures`);
        return;
      case 'running -> dropped':
      case 'ready -> dropped':
        this.#excuse(({ jobId }) => jobId === id);
        return;
      case 'parked -> ready':
      case 'dropped -> ready':
        this.#failures.delete(id);
        return;
      default:
        this.#world.violate(`${id}: ${step}`);
    }
  }

  #claimed(id: string, before: Cells, after: Cells, byWhom: string): void {
    if (after.fence !== Number(before.fence) + 1) this.#world.violate(`fence of ${id} went from ${before.fence} to ${after.fence}`);
    if (after.worker !== byWhom) this.#world.violate(`${byWhom} claims ${id} for ${after.worker}`);
    const process = this.#processOf(byWhom);
    const attempt = { id: String(after.attempt_id), jobId: id, worker: byWhom, isExcused: !process?.isAlive || process.isTroubled(), isRunning: false };
    this.#attempts.set(attempt.id, attempt);
    this.#checkTurns(id);
  }

  /** Whoever waits with work as urgent as this gets its turn before long. */
  #checkTurns(id: string): void {
    const started = this.jobs.get(id)!;
    this.#passedOver.delete(started.titleId);
    const most = this.patience();
    if (most === null) return;
    const waiting = new Set<string>();
    for (const { state, titleId, priority, readySinceMs } of this.jobs.values()) {
      if (state === 'ready' && titleId !== started.titleId && priority >= started.priority && readySinceMs < this.#world.nowMs - NOTICED_WITHIN_MS)
        waiting.add(titleId);
    }
    for (const titleId of waiting) {
      const times = (this.#passedOver.get(titleId) ?? 0) + 1;
      this.#passedOver.set(titleId, times);
      if (times > most) this.#world.violate(`${times} jobs of others started while ${titleId} waited`);
    }
  }

  #lost(id: string, before: Cells): void {
    this.counted.losses++;
    const attempt = this.#attempts.get(String(before.attempt_id));
    const process = this.#processOf(String(before.worker));
    if (attempt && process) this.mustStop(attempt.id, process, 'its row says that it lost it', Number(before.lease_ms) / 2 + STOPS_WITHIN_MS);
    if (!attempt?.isExcused) this.#world.violate(`${id} was taken from ${before.worker}, though nothing happened to it`);
  }

  #settled(id: string, before: Cells, bound: Bound, byWhom: string): void {
    if (bound.attemptId !== before.attempt_id || byWhom !== before.worker) this.#world.violate(`${byWhom} settles ${id}, which is ${before.worker}'s`);
  }

  #titleRow(before: Cells | null, after: Cells): void {
    if (before === null || before.rev !== after.rev) this.#titleWritten(before, JSON.parse(String(after.body)));
    if (typeof after.event_id !== 'string') return;
    if (!before || before.event_id !== after.event_id) {
      if (this.#written.has(after.event_id)) this.#world.violate(`${after.event_id} is announced by two changes`);
      this.#written.add(after.event_id);
      this.untold.add(after.event_id);
    } else if (after.settled && !this.#told.has(after.event_id)) this.#world.violate(`${after.event_id} is settled and not in the log`);
  }

  #titleWritten(before: Cells | null, next: Title): void {
    const last = this.titles.get(next.id);
    this.titles.set(next.id, next);
    this.#world.tell(next.id, () => `is ${next.state}, rev ${next.rev}, revision ${next.revision}`);
    if (last && before) this.#checkStep(last, next);
    const isWanted = (job: JobTruth): boolean => job.titleId !== next.id || (job.revision === next.revision && isLive(next));
    this.#excuse(({ jobId }) => !isWanted(this.jobs.get(jobId)!));
  }

  #checkStep(before: Title, next: Title): void {
    const step = `${next.id}: ${before.state} (rev ${before.rev}) -> ${next.state} (rev ${next.rev})`;
    if (next.rev !== before.rev + 1) this.#world.violate(`${step} was written by one who had read another rev`);
    if (before.revision !== next.revision) {
      if (next.state !== 'registered') this.#world.violate(`${step}: a new revision starts at registered`);
      return;
    }
    const legal = before.resumeState === null ? NEXT_STATES[before.state] : [before.resumeState];
    if (!legal.includes(next.state)) this.#world.violate(`${step} is not legal`);
    if (next.state === 'assembling') this.#expectDone(next, 'encode', (next.progress.chunkCount ?? 0) * (next.progress.codecs?.length ?? 0));
    if (next.state === 'packaging') this.#expectDone(next, 'assemble', next.progress.renditionCount ?? 0);
    if (next.state === 'published') this.#expectDone(next, 'publish', 1);
    if (next.state === 'failed' && this.jobs.get(next.failedJobId ?? '')?.state !== 'parked')
      this.#world.violate(`${step}, but ${next.failedJobId} is not parked`);
  }

  #expectDone(title: Title, kind: string, jobs: number): void {
    let done = 0;
    for (const job of this.jobs.values()) if (job.titleId === title.id && job.revision === title.revision && job.kind === kind && job.state === 'done') done++;
    if (done !== jobs || jobs === 0) this.#world.violate(`${title.id} is ${title.state} with ${done} of ${jobs} ${kind} jobs done`);
  }

  #resultChanged(before: Cells | null, after: Cells): void {
    const key = String(after.object_key);
    const address = String(after.address);
    if (before && before.object_key !== key) this.#world.violate(`${address} was proven as ${before.object_key} and is now ${key}`);
    if (!this.#objects.has(key)) this.#world.violate(`${address} is proven as ${key}, which is not there`);
    this.proven.set(address, key);
  }
}

/** A handler hears of it at its next step. */
const STOPS_WITHIN_MS = 4000;
/** Control looks at everything every five seconds. */
const NOTICED_WITHIN_MS = 6000;
