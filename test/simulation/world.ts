import type { Clock, Random } from '../../src/ports/clock.ts';

const START_MS = Date.UTC(2030, 0, 1);
const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

type Timer = { readonly atMs: number; readonly order: number; readonly fire: () => void; isCancelled: boolean };

/** Repeatable random numbers: mulberry32. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b1) | 0;
  }

  /** `[0, 1)` */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** Whole number from `least` to `most`, both possible. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)];
  }

  id(): string {
    let id = '';
    for (let i = 0; i < 16; i++) id += ID_ALPHABET[Math.floor(this.next() * ID_ALPHABET.length)];
    return id;
  }
}

/** Virtual time: one thing happens after the other, in an order that only the seed decides. */
export class World {
  readonly random: SeededRandom;
  nowMs = START_MS;
  /** The first broken promise; ends the run. */
  violation: string | null = null;
  readonly #story: string[] | null;
  readonly #heap: Timer[] = [];
  #order = 0;

  constructor(seed: number, story: string[] | null) {
    this.random = new SeededRandom(seed);
    this.#story = story;
  }

  tell(who: string, what: () => string): void {
    this.#story?.push(`${((this.nowMs - START_MS) / 1000).toFixed(3).padStart(9)} s  ${who.padEnd(10)} ${what()}`);
  }

  violate(what: string): void {
    if (this.violation !== null) return;
    this.violation = what;
    this.tell('BROKEN', () => what);
  }

  after(ms: number, fire: () => void): Timer {
    const timer = { atMs: this.nowMs + Math.ceil(ms), order: this.#order++, fire, isCancelled: false };
    this.#push(timer);
    return timer;
  }

  /** Lets things happen until it is over or a promise is broken. */
  async run(isOver: () => boolean): Promise<void> {
    await drained();
    while (this.violation === null && !isOver()) {
      const timer = this.#pop();
      if (timer === undefined) return this.violate('nothing is left to happen and it is not over');
      if (timer.isCancelled) continue;
      this.nowMs = timer.atMs;
      timer.fire();
      await drained();
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Resolves when every promise that can go on has gone on: Node serves `nextTick` only once the queue of promise reactions is empty. */
function drained(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** One operating-system process: everything in it stops when it is killed and stands still while it is frozen. It is also the clock its code sees. */
export class SimProcess implements Clock {
  readonly name: string;
  readonly world: World;
  /** Ctrl-C. */
  readonly stop = new AbortController();
  isAlive = true;
  frozenUntilMs = 0;
  /** Its stores do not answer until then. */
  cutOffUntilMs = 0;
  /** How wrong its clock is. */
  readonly skewMs: number;

  readonly #onDeath: () => void;

  constructor(world: World, name: string, onDeath: () => void, skewMs = 0) {
    this.world = world;
    this.name = name;
    this.skewMs = skewMs;
    this.#onDeath = onDeath;
  }

  kill(): void {
    this.isAlive = false;
    this.#onDeath();
  }

  nowMs(): number {
    return this.world.nowMs + this.skewMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (!this.isAlive) return never();
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', cut);
        resolve();
      };
      let timer = this.world.after(ms, () => this.whenAwake(wake));
      const cut = (): void => {
        timer.isCancelled = true;
        timer = this.world.after(0, () => this.whenAwake(wake));
      };
      signal?.addEventListener('abort', cut, { once: true });
    });
  }

  interrupt(): void {
    this.whenAwake(() => {
      this.world.tell(this.name, () => 'gets Ctrl-C');
      this.stop.abort();
    });
  }

  /** At once, or when it is no longer frozen; never once it is dead. */
  whenAwake(go: () => void): void {
    if (!this.isAlive) return;
    if (this.frozenUntilMs > this.world.nowMs) this.world.after(this.frozenUntilMs - this.world.nowMs, () => this.whenAwake(go));
    else go();
  }
}

export function never<T>(): Promise<T> {
  return new Promise(() => {});
}
