import type { OffsetRange, Settlement, ShareCommand } from './messages.ts';

/** A lock on a record, under an id of its own: the same offset may come to us twice. Times by the machine's clock. */
export type Lock = {
  readonly id: number;
  readonly topicId: string;
  readonly offset: bigint;
  /** When the broker gives the record to somebody else unless it hears from us. */
  endMs: number;
  renewAtMs: number;
  /** What the holder decided. */
  settlement: Settlement | null;
};

export type Gap = { readonly topicId: string } & OffsetRange;

/** Locks are renewed every third of their length: one renewal may fail. */
const RENEWALS_PER_LOCK = 3;

/** The locks that a share session holds for us, in order of acquisition, and gaps to be settled. */
export class Locks {
  readonly #locks = new Map<number, Lock>();
  #gaps: Gap[] = [];
  #lastId = 0;

  get size(): number {
    return this.#locks.size;
  }

  add(topicId: string, offset: bigint, acquiredMs: number, lockMs: number): Lock {
    this.#lastId += 1;
    const lock: Lock = { id: this.#lastId, topicId, offset, endMs: acquiredMs + lockMs, renewAtMs: acquiredMs + lockMs / RENEWALS_PER_LOCK, settlement: null };
    this.#locks.set(lock.id, lock);
    return lock;
  }

  addGaps(gaps: readonly Gap[]): void {
    this.#gaps.push(...gaps);
  }

  /** The gap that was settled, well or not: one that stays is acquired again when its lock ends. */
  removeGap(first: bigint): void {
    this.#gaps = this.#gaps.filter((gap) => gap.first !== first);
  }

  settle(lockId: number, settlement: Settlement): void {
    const lock = this.#locks.get(lockId);
    if (lock) lock.settlement ??= settlement;
  }

  remove(lock: Lock): void {
    this.#locks.delete(lock.id);
  }

  /** The lock that an acknowledgement was about. */
  at(offset: bigint): Lock | null {
    return [...this.#locks.values()].find((lock) => lock.offset === offset) ?? null;
  }

  /** Counts from when the renewal was sent: the broker had it later, if anything. */
  renewed(lock: Lock, sentMs: number, lockMs: number): void {
    lock.endMs = sentMs + lockMs;
    lock.renewAtMs = sentMs + lockMs / RENEWALS_PER_LOCK;
  }

  /** What to acknowledge first: decisions, then gaps, then renewals that are due. */
  due(nowMs: number): { readonly place: Gap; readonly type: Settlement | 'gap' | 'renew' } | null {
    const locks = [...this.#locks.values()];
    const place = ({ topicId, offset }: Lock) => ({ topicId, first: offset, last: offset });
    const decided = locks.find((lock) => lock.settlement !== null);
    if (decided?.settlement) return { place: place(decided), type: decided.settlement };
    if (this.#gaps.length > 0) return { place: this.#gaps[0], type: 'gap' };
    const old = locks.find((lock) => nowMs >= lock.renewAtMs);
    return old ? { place: place(old), type: 'renew' } : null;
  }

  /** Locks that ended without a word from the broker. */
  lapsed(nowMs: number): Lock[] {
    return [...this.#locks.values()].filter((lock) => nowMs >= lock.endMs);
  }

  /** All are lost, the gaps with them. */
  loseAll(reason: 'connection' | 'session', code: number | null): ShareCommand[] {
    const lost = [...this.#locks.keys()].map((lockId): ShareCommand => ({ do: 'lost', lockId, reason, code }));
    this.#locks.clear();
    this.#gaps = [];
    return lost;
  }

  /** All that nobody has decided about are given up. */
  loseUndecided(): ShareCommand[] {
    const undecided = [...this.#locks.values()].filter((lock) => lock.settlement === null);
    for (const lock of undecided) this.remove(lock);
    return undecided.map((lock) => ({ do: 'lost', lockId: lock.id, reason: 'closed', code: null }));
  }

  /** When the first renewal is due or the first lock ends; Infinity without locks. */
  nextDueMs(nowMs: number): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#locks.values()].map((lock) => (lock.renewAtMs > nowMs ? lock.renewAtMs : lock.endMs)));
  }
}
