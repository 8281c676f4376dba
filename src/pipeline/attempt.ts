import { evidenceOf, explainNoRoom, ScenelineError } from '../model/errors.ts';
import type { AttemptOutcome, JobResult } from '../model/job.ts';
import type { StageName } from '../model/stage.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue, Lease, Spent } from '../ports/job-queue.ts';
import { insist } from './insist.ts';
import type { JobContext, JobHandlers } from './job-handlers.ts';

export type AttemptRun = {
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly handlers: JobHandlers;
  readonly leaseMs: number;
  /** When the lease was asked for. */
  readonly askedMs: number;
  /** Aborted when the run stops. */
  readonly signal: AbortSignal;
  readonly onFrames: (frames: number) => void;
};

type Outcome = { readonly result: JobResult } | { readonly error: unknown };

type Meter = { frames: number; readonly cpuSeconds: Map<StageName, number> };

/**
 * Runs the handler of a leased job and settles the job:
 *
 *   result                                   -> complete (the queue refuses it if the lease is no longer ours)
 *   error after the lease was lost           -> nothing: the job has another owner
 *   error after the run was stopped          -> release, not counted
 *   error of the machine (SL-1xx: disk full) -> release, and thrown: the run must stop
 *   any other error                          -> fail, counted
 *
 * Throws that machine error, or the error of a queue that does not answer.
 */
export async function runAttempt(lease: Lease, run: AttemptRun): Promise<AttemptOutcome> {
  const meter: Meter = { frames: 0, cpuSeconds: new Map() };
  const lost = new AbortController();
  const done = new AbortController();
  const keeping = keepLease(lease, run, { meter, lost, done: done.signal });
  const outcome = await handle(lease, run, contextOf(lease, run, meter, lost.signal));
  done.abort();
  await keeping;
  return settle(lease, run, { outcome, meter, isLost: lost.signal.aborted });
}

/** True for errors that no other attempt on this machine can escape: a tool, folder or disk that a person must see to. */
function stopsRun(error: unknown): error is ScenelineError {
  return error instanceof ScenelineError && error.code.startsWith('SL-1');
}

async function handle(lease: Lease, run: AttemptRun, context: JobContext): Promise<Outcome> {
  try {
    run.signal.throwIfAborted();
    return { result: await run.handlers[lease.job.kind](lease.job, context) };
  } catch (error) {
    return { error: explainNoRoom(error) };
  }
}

function contextOf(lease: Lease, run: AttemptRun, meter: Meter, lost: AbortSignal): JobContext {
  return {
    attemptId: lease.attemptId,
    signal: AbortSignal.any([run.signal, lost]),
    onFrames(frames) {
      meter.frames = frames;
      run.onFrames(frames);
    },
    spend(stage, cpuSeconds) {
      meter.cpuSeconds.set(stage, (meter.cpuSeconds.get(stage) ?? 0) + cpuSeconds);
    },
  };
}

/** Renews every third of the lease until `done`. Calls the lease lost when the queue says so, or when it has not answered for a whole lease. */
async function keepLease(lease: Lease, run: AttemptRun, work: { meter: Meter; lost: AbortController; done: AbortSignal }): Promise<void> {
  const { queue, clock, leaseMs } = run;
  let heldUntilMs = run.askedMs + leaseMs;
  for (;;) {
    await clock.sleep(leaseMs / 3, work.done);
    if (work.done.aborted) return;
    const askedMs = clock.nowMs();
    const isHeld = await queue.renew(lease, leaseMs, work.meter.frames).then(
      (held) => {
        if (held) heldUntilMs = askedMs + leaseMs;
        return held;
      },
      () => clock.nowMs() < heldUntilMs,
    );
    if (!isHeld) return work.lost.abort();
  }
}

async function settle(lease: Lease, run: AttemptRun, end: { outcome: Outcome; meter: Meter; isLost: boolean }): Promise<AttemptOutcome> {
  const { queue, clock } = run;
  const { outcome, meter } = end;
  const spent: Spent = { frames: meter.frames, cpuSeconds: [...meter.cpuSeconds.values()].reduce((sum, seconds) => sum + seconds, 0) };
  if ('result' in outcome) {
    const result = { ...outcome.result, cost: Object.fromEntries(meter.cpuSeconds) };
    return (await insist(clock, () => queue.complete(lease, result, spent))) ? 'done' : 'lost';
  }
  const { error } = outcome;
  if (stopsRun(error) && !end.isLost && !run.signal.aborted) {
    // The error at hand matters more than one of a queue that may suffer from the same full disk.
    await queue.release(lease, spent).catch(() => false);
    throw error;
  }
  if (end.isLost) return 'lost';
  if (run.signal.aborted) return (await insist(clock, () => queue.release(lease, spent))) ? 'released' : 'lost';
  return (await insist(clock, () => queue.fail(lease, evidenceOf(error), spent))) === 'lost' ? 'lost' : 'failed';
}
