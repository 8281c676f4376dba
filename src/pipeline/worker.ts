import { ScenelineError } from '../model/errors.ts';
import type { AttemptOutcome, Job } from '../model/job.ts';
import type { Title } from '../model/title.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue, Lease } from '../ports/job-queue.ts';
import { runAttempt } from './attempt.ts';
import { type Bell, createBell } from './bell.ts';
import type { Control } from './control.ts';
import { insist } from './insist.ts';
import type { JobHandlers } from './job-handlers.ts';
import { isLive } from './title-changes.ts';

export type { JobContext, JobHandler, JobHandlers } from './job-handlers.ts';

export type TitleRun = {
  readonly titleId: string;
  /** Name of this process in leases and attempts. */
  readonly worker: string;
  /** Jobs at once. */
  readonly concurrency: number;
  /** A lease is renewed every third of this; a job of a dead worker waits for the rest of it. */
  readonly leaseMs: number;
  readonly control: Control;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly handlers: JobHandlers;
  /** Aborted: handlers are stopped, their jobs handed back. */
  readonly signal: AbortSignal;
  readonly observe?: (note: RunNote) => void;
};

/** What a run tells whoever shows its progress. */
export type RunNote =
  | { readonly type: 'title'; readonly title: Title }
  | { readonly type: 'started'; readonly job: Job }
  | { readonly type: 'frames'; readonly job: Job; readonly frames: number }
  | { readonly type: 'settled'; readonly job: Job; readonly outcome: AttemptOutcome };

/** Between looks at a queue in which others work: doubled from the first to the last while nothing happens. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 2000;

type Shift = { readonly halt: AbortController; readonly bell: Bell; readonly active: Set<Promise<void>>; fault: { readonly error: unknown } | null };

/**
 * Works on a title until it ends or `signal` aborts, and returns it as last seen. Others may work on it at the same time.
 * Every handler has ended when this returns or throws.
 *
 * Throws SL-108 (no such title), the machine error that stopped the run (SL-1xx, see `runAttempt`), or the error of a store that does not answer.
 */
export async function runTitle(run: TitleRun): Promise<Title> {
  const shift: Shift = { halt: new AbortController(), bell: createBell(run.clock), active: new Set(), fault: null };
  const halt = (): void => {
    shift.halt.abort();
    shift.bell.ring();
  };
  run.signal.addEventListener('abort', halt, { once: true });
  if (run.signal.aborted) halt();
  try {
    const title = await drive(run, shift);
    await endShift(shift);
    if (shift.fault) throw shift.fault.error;
    // Once more: a write that seemed to fail may have left an event.
    await insist(run.clock, () => run.control.relayEvents());
    return title;
  } finally {
    await endShift(shift);
    run.signal.removeEventListener('abort', halt);
  }
}

async function endShift(shift: Shift): Promise<void> {
  shift.halt.abort();
  await Promise.all(shift.active);
}

async function drive(run: TitleRun, shift: Shift): Promise<Title> {
  const { control, clock, titleId, concurrency } = run;
  let pauseMs = FIRST_PAUSE_MS;
  await insist(clock, () => control.relayEvents());
  for (;;) {
    const title = await insist(clock, () => control.advance(titleId));
    if (title === null) throw new ScenelineError('SL-108', `There is no title ${titleId}.`);
    run.observe?.({ type: 'title', title });
    if (!isLive(title) || shift.halt.signal.aborted) return title;
    const started = await fillSlots(run, shift, title);
    const isFull = shift.active.size >= concurrency;
    const rang = await shift.bell.wait(isFull ? run.leaseMs : pauseMs);
    pauseMs = rang || started > 0 ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LAST_PAUSE_MS);
  }
}

/** Starts jobs in the slots that were free when it was called: between two jobs of one slot the title is looked at anew. */
async function fillSlots(run: TitleRun, shift: Shift, title: Title): Promise<number> {
  const { queue, clock, control, titleId, worker, leaseMs } = run;
  let started = 0;
  const room = run.concurrency - shift.active.size;
  while (started < room && !shift.halt.signal.aborted) {
    const askedMs = clock.nowMs();
    const lease = await insist(clock, () => queue.claim({ worker, titleIds: [titleId], leaseMs }));
    if (lease === null) break;
    const isOther = lease.job.revision !== title.revision;
    if (isOther && (await insist(clock, () => control.dropIfUnwanted(lease.job)))) continue;
    start(run, shift, lease, askedMs);
    started++;
    if (isOther) {
      // The title started anew since it was looked at: look again before the next job.
      shift.bell.ring();
      break;
    }
  }
  return started;
}

function start(run: TitleRun, shift: Shift, lease: Lease, askedMs: number): void {
  const { job } = lease;
  const onFrames = (frames: number): void => run.observe?.({ type: 'frames', job, frames });
  run.observe?.({ type: 'started', job });
  const attempt = runAttempt(lease, { ...run, askedMs, signal: shift.halt.signal, onFrames })
    .then((outcome) => run.observe?.({ type: 'settled', job, outcome }))
    .catch((error: unknown) => {
      shift.fault ??= { error };
      shift.halt.abort();
    })
    .finally(() => {
      shift.active.delete(attempt);
      shift.bell.ring();
    });
  shift.active.add(attempt);
}
