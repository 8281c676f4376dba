import type { JobSpec } from '../model/job.ts';
import type { JobClass } from '../ports/job-dispatch.ts';

/** A job and the class of workers that can do it. */
export type Admission<Job extends JobSpec = JobSpec> = { readonly jobClass: JobClass; readonly job: Job };

/** A title that waits in a class, by the first of its jobs of that class. */
export type Place<Job extends JobSpec = JobSpec> = {
  readonly titleId: string;
  /** Grows from title to title, in the order in which they came. */
  readonly arrival: number;
  readonly jobs: readonly Admission<Job>[];
  /** Where in `jobs` that first one is. */
  readonly first: number;
  readonly priority: number;
};

type Waiting<Job extends JobSpec> = { readonly arrival: number; readonly jobs: readonly Admission<Job>[]; readonly places: ReadonlyMap<JobClass, Place<Job>> };

/**
 * Titles with jobs that are ready and not offered to workers yet. Keeps the titles of every class in order, highest priority first, then as they came: a change of one
 * title costs a search among the others and no look at each, and whoever wants the first few looks at few.
 */
export class WaitingTitles<Job extends JobSpec = JobSpec> {
  readonly #titles = new Map<string, Waiting<Job>>();
  readonly #inOrder = new Map<JobClass, Place<Job>[]>();
  #arrivals = 0;

  /** What the title waits with, in the order in which it wants it done. */
  jobsOf(titleId: string): readonly Admission<Job>[] {
    return this.#titles.get(titleId)?.jobs ?? [];
  }

  *values(): Generator<readonly Admission<Job>[]> {
    for (const { jobs } of this.#titles.values()) yield jobs;
  }

  /** Nothing: it waits no longer, and comes last when it comes again. */
  set(titleId: string, jobs: readonly Admission<Job>[]): void {
    const before = this.#titles.get(titleId);
    const arrival = before?.arrival ?? this.#arrivals++;
    const places = placesOf(titleId, jobs, arrival);
    for (const [jobClass, place] of before?.places ?? []) if (!places.has(jobClass)) this.#remove(jobClass, place);
    for (const [jobClass, place] of places) this.#put(jobClass, place, before?.places.get(jobClass));
    if (jobs.length > 0) this.#titles.set(titleId, { arrival, jobs, places });
    else this.#titles.delete(titleId);
  }

  clear(): void {
    this.#titles.clear();
    this.#inOrder.clear();
  }

  placeOf(titleId: string, jobClass: JobClass): Place<Job> | undefined {
    return this.#titles.get(titleId)?.places.get(jobClass);
  }

  /** The titles that wait in a class, the first one first. */
  inOrder(jobClass: JobClass): readonly Place<Job>[] {
    return this.#inOrder.get(jobClass) ?? [];
  }

  #put(jobClass: JobClass, place: Place<Job>, before: Place<Job> | undefined): void {
    const order = this.#inOrder.get(jobClass) ?? [];
    this.#inOrder.set(jobClass, order);
    if (before?.priority === place.priority) {
      order[indexOf(order, place)] = place;
      return;
    }
    if (before) this.#remove(jobClass, before);
    order.splice(indexOf(order, place), 0, place);
  }

  #remove(jobClass: JobClass, place: Place<Job>): void {
    const order = this.#inOrder.get(jobClass)!;
    order.splice(indexOf(order, place), 1);
  }
}

function placesOf<Job extends JobSpec>(titleId: string, jobs: readonly Admission<Job>[], arrival: number): Map<JobClass, Place<Job>> {
  const places = new Map<JobClass, Place<Job>>();
  for (const [first, { jobClass, job }] of jobs.entries()) {
    if (!places.has(jobClass)) places.set(jobClass, { titleId, arrival, jobs, first, priority: job.priority });
  }
  return places;
}

/** Where the place is, or belongs. */
function indexOf(order: readonly Place[], { priority, arrival }: Pick<Place, 'priority' | 'arrival'>): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = order[middle];
    if (other.priority > priority || (other.priority === priority && other.arrival < arrival)) low = middle + 1;
    else high = middle;
  }
  return low;
}
