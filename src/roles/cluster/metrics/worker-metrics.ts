import { JOB_KINDS } from '../../../model/job.ts';
import type { JobHandlers } from '../../../pipeline/job-handlers.ts';
import type { ServiceNote } from '../../../pipeline/serve-jobs.ts';
import type { Registry } from './registry.ts';
import type { RoleMetrics } from './role-metrics.ts';

/** From a job that only looks something up to a chunk of 4K in a slow codec. */
const SECONDS_BOUNDS = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000];

export type WorkerMetrics = {
  hear(note: ServiceNote): void;
  /** The same handlers, whose results are counted in frames. */
  counted(handlers: JobHandlers): JobHandlers;
};

export function workerMetrics(registry: Registry, role: RoleMetrics, slots: number): WorkerMetrics {
  registry.gauge('sceneline_worker_slots', 'Jobs that this worker runs at once.').set({}, slots);
  const running = registry.gauge('sceneline_running_jobs', 'Jobs that this worker runs now.');
  const started = registry.counter('sceneline_jobs_started_total', 'Jobs begun here.');
  const restarted = registry.counter('sceneline_jobs_restarted_total', 'Those of them that some worker had lost before.');
  const ended = registry.counter('sceneline_jobs_ended_total', 'Jobs that ended here, by outcome: done, failed (counts against the job), lost, released.');
  const seconds = registry.histogram('sceneline_job_seconds', 'How long jobs ran here, by the clock on the wall.', SECONDS_BOUNDS);
  const frames = registry.counter('sceneline_frames_total', 'Frames of encode jobs: encoded and proven here, or found proven already.');
  let atWork = 0;
  running.set({}, atWork);
  for (const what of ['proven', 'reused']) frames.add({ what }, 0);
  for (const kind of JOB_KINDS) {
    for (const counter of [started, restarted]) counter.add({ kind }, 0);
    for (const outcome of ['done', 'failed', 'lost', 'released']) ended.add({ kind, outcome }, 0);
  }
  return {
    hear(note) {
      if (note.type === 'trouble') return role.trouble(note.error);
      const { kind, losses } = note.job;
      atWork += note.type === 'started' ? 1 : -1;
      running.set({}, atWork);
      if (note.type === 'started') {
        started.add({ kind });
        if (losses > 0) restarted.add({ kind });
      } else {
        ended.add({ kind, outcome: note.outcome });
        seconds.observe({ kind }, note.wallMs / 1000);
      }
    },
    counted: (handlers) => ({
      ...handlers,
      async encode(job, context) {
        const result = await handlers.encode(job, context);
        frames.add({ what: 'proven' }, Number(result.framesEncoded));
        frames.add({ what: 'reused' }, Number(result.framesReused));
        return result;
      },
    }),
  };
}
