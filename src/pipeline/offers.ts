import type { JobClass, ReadyJob } from '../ports/job-dispatch.ts';

/** A job that was offered and is not known to be settled. */
export type Offer = {
  readonly jobId: string;
  readonly titleId: string;
  readonly jobClass: JobClass;
  readonly exclusiveKey: string | null;
  /** Of the job when it was offered: when it is ready again under another one, somebody took it and it came back. */
  readonly fence: number;
  /** When to look whether it was lost. */
  reviewAtMs: number;
};

/** An offer that nobody took for so long is looked at, and made again when its job is still ready. */
const STALE_MS = 60_000;
const LONGEST_STALE_MS = 3_600_000;

/**
 * What control remembers of its offers. An offer that was not taken may be lost, or wait behind long jobs; which of the two cannot be seen. So it is made again, each
 * time after twice the time: a lost one is made good soon, and one that waits for an hour has not left sixty records behind, which would fill the broker's window.
 */
export class Offers {
  readonly #byJob = new Map<string, Offer>();
  readonly #byTitle = new Map<string, Set<string>>();
  /** For jobs that were offered before: how long the next offer may stay untaken. */
  readonly #patienceMs = new Map<string, number>();

  get size(): number {
    return this.#byJob.size;
  }

  has(jobId: string): boolean {
    return this.#byJob.has(jobId);
  }

  values(): readonly Offer[] {
    return [...this.#byJob.values()];
  }

  ofTitle(titleId: string): readonly Offer[] {
    return [...(this.#byTitle.get(titleId) ?? [])].map((jobId) => this.#byJob.get(jobId)!);
  }

  add({ id, titleId, exclusiveKey, fence }: ReadyJob, jobClass: JobClass, nowMs: number): void {
    this.#byJob.set(id, { jobId: id, titleId, jobClass, exclusiveKey, fence, reviewAtMs: nowMs + (this.#patienceMs.get(id) ?? STALE_MS) });
    const ofTitle = this.#byTitle.get(titleId) ?? new Set();
    this.#byTitle.set(titleId, ofTitle.add(id));
  }

  /** The job was taken and is settled, or nobody wants it any more. */
  end(jobId: string): void {
    this.#patienceMs.delete(jobId);
    this.#remove(jobId);
  }

  /** Nobody took it: it may be made again. */
  giveUp(jobId: string): void {
    this.#patienceMs.set(jobId, Math.min(LONGEST_STALE_MS, 2 * (this.#patienceMs.get(jobId) ?? STALE_MS)));
    this.#remove(jobId);
  }

  /** It was taken, and its job runs. */
  isRunning(offer: Offer, nowMs: number): void {
    offer.reviewAtMs = nowMs + STALE_MS;
  }

  dueForReview(nowMs: number): readonly Offer[] {
    return this.values().filter(({ reviewAtMs }) => reviewAtMs <= nowMs);
  }

  clear(): void {
    this.#byJob.clear();
    this.#byTitle.clear();
    this.#patienceMs.clear();
  }

  #remove(jobId: string): void {
    const offer = this.#byJob.get(jobId);
    if (!offer) return;
    this.#byJob.delete(jobId);
    const ofTitle = this.#byTitle.get(offer.titleId);
    ofTitle?.delete(jobId);
    if (ofTitle?.size === 0) this.#byTitle.delete(offer.titleId);
  }
}
