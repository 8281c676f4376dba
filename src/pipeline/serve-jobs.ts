import type { SceneEvent } from '../model/event.ts';
import type { AttemptOutcome, Job, JobSpec } from '../model/job.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { JobSource, Wake } from '../ports/job-dispatch.ts';
import type { JobQueue, Lease } from '../ports/job-queue.ts';
import { runAttempt } from './attempt.ts';
import { createBell } from './bell.ts';
import type { Control } from './control.ts';
import { insist } from './insist.ts';
import type { JobHandlers } from './job-handlers.ts';

export type JobService = {
  readonly source: JobSource;
  readonly queue: JobQueue;
  readonly control: Pick<Control, 'dropIfUnwanted'>;
  readonly wake: Pick<Wake, 'ring'>;
  readonly events: Pick<EventLog, 'append'>;
  readonly clock: Clock;
  readonly handlers: JobHandlers;
  /** Jobs at once. */
  readonly slots: number;
  readonly leaseMs: number;
  /** Aborted: no further job is taken; those that run are finished. */
  readonly draining: AbortSignal;
  /** Aborted: those that run are stopped and handed back. */
  readonly halt: AbortSignal;
  readonly observe?: (note: ServiceNote) => void;
};

export type ServiceNote =
  | { readonly type: 'started'; readonly job: Job }
  | { readonly type: 'settled'; readonly job: Job; readonly outcome: AttemptOutcome; readonly wallMs: number }
  | { readonly type: 'trouble'; readonly error: unknown };

/** How long one look at the dispatch may wait for an offer. */
const TAKE_MS = 5000;
/** After trouble of this machine or of a server: the job is elsewhere meanwhile. */
const TROUBLE_PAUSE_MS = 5000;

/**
 * Takes offered jobs and does them until `draining` or `halt` aborts; every handler has ended when it returns. Trouble of this machine or of the servers (a full
 * disk, a store that does not answer) costs the job at hand a hand-back and this worker a pause: the process stays.
 */
export async function serveJobs(service: JobService): Promise<void> {
  const { source, control, clock, observe } = service;
  const isUnwanted = (job: JobSpec) => insist(clock, () => control.dropIfUnwanted(job));
  const bell = createBell(clock);
  const active = new Set<Promise<void>>();
  const end = AbortSignal.any([service.draining, service.halt]);
  end.addEventListener('abort', () => bell.ring(), { once: true });
  let pausedUntilMs = clock.nowMs();
  const trouble = (error: unknown): void => {
    pausedUntilMs = clock.nowMs() + TROUBLE_PAUSE_MS;
    observe?.({ type: 'trouble', error });
  };
  while (!end.aborted) {
    if (active.size >= service.slots) {
      await bell.wait(service.leaseMs);
      continue;
    }
    await clock.sleep(Math.max(0, pausedUntilMs - clock.nowMs()), end);
    const askedMs = clock.nowMs();
    const lease = end.aborted ? null : await source.take(TAKE_MS, isUnwanted).catch((error: unknown) => void trouble(error));
    if (!lease) continue;
    const run = serve(service, lease, askedMs)
      .catch(trouble)
      .finally(() => {
        active.delete(run);
        bell.ring();
      });
    active.add(run);
  }
  await Promise.all(active);
}

async function serve(service: JobService, lease: Lease, askedMs: number): Promise<void> {
  const { source, queue, clock, wake, observe } = service;
  const { job } = lease;
  const startedMs = clock.nowMs();
  let outcome: AttemptOutcome = 'released';
  observe?.({ type: 'started', job });
  try {
    const signal = AbortSignal.any([service.halt, source.lostSignal(lease)]);
    outcome = await runAttempt(lease, { queue, clock, handlers: telling(service), leaseMs: service.leaseMs, askedMs, signal, onFrames: () => {} });
  } finally {
    observe?.({ type: 'settled', job, outcome, wallMs: clock.nowMs() - startedMs });
    // The row says it all already: control need not wait for the broker's word.
    await Promise.all([source.settled(lease), wake.ring({ titleId: job.titleId, jobId: job.id, outcome })]);
  }
}

/**
 * The handlers, and that of chunks tells of what it proved before its job is settled: who dies in between leaves a job that is done again, finds the proven chunk and tells of it
 * once more under the same id. While the log does not answer, the job is handed back.
 */
function telling({ handlers, events, clock }: JobService): JobHandlers {
  return {
    ...handlers,
    async encode(job, context) {
      const result = await handlers.encode(job, context);
      await insist(clock, () => events.append([chunkProven(job, clock.nowMs())]));
      return result;
    },
  };
}

/** The encoded chunks of a job at one codec are proven and recorded. */
function chunkProven({ id, titleId, revision, part }: Job, nowMs: number): SceneEvent {
  const data = { chunk: part.index, codec: part.codec };
  return { id: `${id}/chunk.proven`, type: 'chunk.proven', titleId, revision, atMs: nowMs, version: 1, data };
}
