import type { JobSpec } from '../model/job.ts';
import type { JobClass } from '../ports/job-dispatch.ts';
import { PriorityHeap } from './priority-heap.ts';
import type { Admission, Place, WaitingTitles } from './waiting-titles.ts';

export type AdmitInput<Job extends JobSpec> = {
  readonly waiting: WaitingTitles<Job>;
  /** Offered and not settled. */
  readonly offered: readonly { readonly titleId: string; readonly jobClass: JobClass; readonly exclusiveKey?: string | null }[];
  /** Jobs that all living workers of a class can run at once. */
  readonly slots: ReadonlyMap<JobClass, number>;
};

/** Offers beyond the slots, per slot: enough that no worker waits for control, few enough that an urgent title overtakes at once. */
const AHEAD_PER_SLOT = 0.5;
const LEAST_AHEAD = 1;

/**
 * Which jobs to offer now. Per class as many as its workers can run and a few more; the highest priority first, and among equals the title of which the least is
 * offered, so that titles share the workers; then the older title. A class without workers gets nothing: its jobs wait as rows. A job
 * whose exclusive key an offered one has would be refused by whoever takes it: it waits until that one is settled. Changes nothing. Costs a look at each offer and at the
 * jobs it chooses, however many titles wait.
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

type OfClass<Job extends JobSpec> = { readonly jobClass: JobClass; readonly room: number; readonly waiting: WaitingTitles<Job> };

/** Counts what it admits into `share` and `takenKeys`. */
function admitOfClass<Job extends JobSpec>({ jobClass, room, waiting }: OfClass<Job>, share: Map<string, number>, takenKeys: Set<string>): Admission<Job>[] {
  const lanes = lanesOf(waiting, jobClass, share);
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
type Lane<Job extends JobSpec> = { readonly titleId: string; readonly arrival: number; readonly jobs: Place<Job>['jobs']; next: number; share: number };

/** The lanes of a class, the best one first. Titles of which nothing is offered wait in that order already, and are looked at when it is their turn. */
function lanesOf<Job extends JobSpec>(waiting: WaitingTitles<Job>, jobClass: JobClass, share: ReadonlyMap<string, number>) {
  const untouched = waiting.inOrder(jobClass);
  const shared = new Set(share.keys());
  const touched = new PriorityHeap<Lane<Job>>(isBefore);
  const push = (lane: Lane<Job>) => touched.push(lane);
  for (const [titleId, offered] of share) {
    const place = waiting.placeOf(titleId, jobClass);
    if (place) push(laneOf(place, offered));
  }
  let at = 0;
  const pop = (): Lane<Job> | undefined => {
    while (at < untouched.length && shared.has(untouched[at].titleId)) at++;
    const fresh = at < untouched.length ? laneOf(untouched[at], 0) : undefined;
    const other = touched.first;
    if (fresh === undefined || (other !== undefined && isBefore(other, fresh))) return touched.pop();
    at++;
    return fresh;
  };
  return { push, pop };
}

function laneOf<Job extends JobSpec>({ titleId, arrival, jobs, first }: Place<Job>, share: number): Lane<Job> {
  return { titleId, arrival, jobs, next: first, share };
}

function nextOfClass(jobs: Place['jobs'], jobClass: JobClass, from: number): number {
  let at = from;
  while (at < jobs.length && jobs[at].jobClass !== jobClass) at++;
  return at;
}

function isBefore(a: Lane<JobSpec>, b: Lane<JobSpec>): boolean {
  const [first, second] = [a.jobs[a.next].job.priority, b.jobs[b.next].job.priority];
  if (first !== second) return first > second;
  return a.share === b.share ? a.arrival < b.arrival : a.share < b.share;
}
