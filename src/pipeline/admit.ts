import type { JobSpec } from '../model/job.ts';
import type { JobClass } from '../ports/job-dispatch.ts';

/** A title's jobs that are ready and not offered to workers yet, in the order in which it wants them done. */
export type WaitingJobs = { readonly titleId: string; readonly jobs: readonly { readonly job: JobSpec; readonly jobClass: JobClass }[] };

export type AdmitInput = {
  /** Titles in the order of their arrival. */
  readonly waiting: readonly WaitingJobs[];
  /** Offered and not settled. */
  readonly offered: readonly { readonly titleId: string; readonly jobClass: JobClass }[];
  /** Jobs that all living workers of a class can run at once. */
  readonly slots: ReadonlyMap<JobClass, number>;
};

export type Admission = { readonly jobClass: JobClass; readonly job: JobSpec };

/** Offers beyond the slots, per slot: enough that no worker waits for control, few enough that an urgent title overtakes at once. */
const AHEAD_PER_SLOT = 0.5;
const LEAST_AHEAD = 1;

/**
 * Which jobs to offer now. Per class as many as its workers can run and a few more; the highest priority first, and among equals the title of which the least is
 * offered, so that titles share the workers; then the older title. A class without workers gets nothing: its jobs wait as rows. Pure.
 */
export function chooseAdmissions({ waiting, offered, slots }: AdmitInput): Admission[] {
  const room = new Map([...slots].map(([jobClass, count]) => [jobClass, count + Math.max(LEAST_AHEAD, Math.ceil(count * AHEAD_PER_SLOT))]));
  const share = new Map<string, number>();
  for (const { titleId, jobClass } of offered) {
    room.set(jobClass, (room.get(jobClass) ?? 0) - 1);
    share.set(titleId, (share.get(titleId) ?? 0) + 1);
  }
  const lanes = lanesOf(waiting);
  const admitted: Admission[] = [];
  for (const [jobClass, lane] of lanes) {
    for (let left = room.get(jobClass) ?? 0; left > 0; left--) {
      const best = bestOf(lane, share);
      if (best === null) break;
      admitted.push({ jobClass, job: best.jobs[best.next++] });
      share.set(best.titleId, (share.get(best.titleId) ?? 0) + 1);
    }
  }
  return admitted;
}

type Lane = { readonly titleId: string; readonly jobs: readonly JobSpec[]; next: number };

function lanesOf(waiting: readonly WaitingJobs[]): Map<JobClass, Lane[]> {
  const lanes = new Map<JobClass, Lane[]>();
  for (const { titleId, jobs } of waiting) {
    const byClass = Map.groupBy(jobs, ({ jobClass }) => jobClass);
    for (const [jobClass, ofClass] of byClass) {
      lanes.set(jobClass, [...(lanes.get(jobClass) ?? []), { titleId, jobs: ofClass.map(({ job }) => job), next: 0 }]);
    }
  }
  return lanes;
}

function bestOf(lanes: readonly Lane[], share: ReadonlyMap<string, number>): Lane | null {
  let best: Lane | null = null;
  for (const lane of lanes) {
    if (lane.next < lane.jobs.length && (best === null || isBefore(lane, best, share))) best = lane;
  }
  return best;
}

function isBefore(a: Lane, b: Lane, share: ReadonlyMap<string, number>): boolean {
  const [first, second] = [a.jobs[a.next].priority, b.jobs[b.next].priority];
  if (first !== second) return first > second;
  return (share.get(a.titleId) ?? 0) < (share.get(b.titleId) ?? 0);
}
