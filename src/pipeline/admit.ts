import type { JobSpec } from '../model/job.ts';
import type { JobClass } from '../ports/job-dispatch.ts';
import { PriorityHeap } from './priority-heap.ts';

/** A title's jobs that are ready and not offered to workers yet, in the order in which it wants them done. */
export type WaitingJobs<Job extends JobSpec = JobSpec> = { readonly titleId: string; readonly jobs: readonly Admission<Job>[] };

export type AdmitInput<Job extends JobSpec> = {
  /** Titles in the order of their arrival. */
  readonly waiting: readonly WaitingJobs<Job>[];
  /** Offered and not settled. */
  readonly offered: readonly { readonly titleId: string; readonly jobClass: JobClass; readonly exclusiveKey?: string | null }[];
  /** Jobs that all living workers of a class can run at once. */
  readonly slots: ReadonlyMap<JobClass, number>;
};

export type Admission<Job extends JobSpec = JobSpec> = { readonly jobClass: JobClass; readonly job: Job };

/** Offers beyond the slots, per slot: enough that no worker waits for control, few enough that an urgent title overtakes at once. */
const AHEAD_PER_SLOT = 0.5;
const LEAST_AHEAD = 1;

/**
 * Which jobs to offer now. Per class as many as its workers can run and a few more; the highest priority first, and among equals the title of which the least is
 * offered, so that titles share the workers; then the older title. A class without workers gets nothing: its jobs wait as rows. A job
 * whose exclusive key an offered one has would be refused by whoever takes it: it waits until that one is settled. Pure. Costs a look at each title, not at
 * each of its jobs.
 */
export function chooseAdmissions<Job extends JobSpec>({ waiting, offered, slots }: AdmitInput<Job>): Admission<Job>[] {
  const room = new Map([...slots].map(([jobClass, count]) => [jobClass, count + Math.max(LEAST_AHEAD, Math.ceil(count * AHEAD_PER_SLOT))]));
  const share = new Map<string, number>();
  const takenKeys = new Set<string>();
  for (const { titleId, jobClass, exclusiveKey } of offered) {
    if (exclusiveKey) takenKeys.add(exclusiveKey);
    room.set(jobClass, (room.get(jobClass) ?? 0) - 1);
    share.set(titleId, (share.get(titleId) ?? 0) + 1);
  }
  const admitted: Admission<Job>[] = [];
  for (const [jobClass, left] of room) {
    if (left > 0) admitted.push(...admitOfClass({ jobClass, room: left, waiting }, share, takenKeys));
  }
  return admitted;
}

type OfClass<Job extends JobSpec> = { readonly jobClass: JobClass; readonly room: number; readonly waiting: readonly WaitingJobs<Job>[] };

/** Counts what it admits into `share` and `takenKeys`. */
function admitOfClass<Job extends JobSpec>({ jobClass, room, waiting }: OfClass<Job>, share: Map<string, number>, takenKeys: Set<string>): Admission<Job>[] {
  const lanes = new PriorityHeap<Lane<Job>>(isBefore);
  for (const [order, { titleId, jobs }] of waiting.entries()) {
    const next = nextOfClass(jobs, jobClass, 0);
    if (next < jobs.length) lanes.push({ titleId, order, jobs, next, share: share.get(titleId) ?? 0 });
  }
  const admitted: Admission<Job>[] = [];
  for (let best = lanes.pop(); best !== undefined; best = lanes.pop()) {
    const { job } = best.jobs[best.next];
    if (job.exclusiveKey === null || !takenKeys.has(job.exclusiveKey)) {
      admitted.push({ jobClass, job });
      best.share++;
      share.set(best.titleId, best.share);
      if (job.exclusiveKey !== null) takenKeys.add(job.exclusiveKey);
      if (admitted.length >= room) break;
    }
    best.next = nextOfClass(best.jobs, jobClass, best.next + 1);
    if (best.next < best.jobs.length) lanes.push(best);
  }
  return admitted;
}

/** A title's jobs of the class at hand: the next one of them, and how much of the title is offered. */
type Lane<Job extends JobSpec> = { readonly titleId: string; readonly order: number; readonly jobs: WaitingJobs<Job>['jobs']; next: number; share: number };

function nextOfClass(jobs: WaitingJobs['jobs'], jobClass: JobClass, from: number): number {
  let at = from;
  while (at < jobs.length && jobs[at].jobClass !== jobClass) at++;
  return at;
}

function isBefore(a: Lane<JobSpec>, b: Lane<JobSpec>): boolean {
  const [first, second] = [a.jobs[a.next].job.priority, b.jobs[b.next].job.priority];
  if (first !== second) return first > second;
  return a.share === b.share ? a.order < b.order : a.share < b.share;
}
