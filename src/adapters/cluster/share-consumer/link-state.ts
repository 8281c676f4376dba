import type { LinkName, ShareCommand, ShareRequest } from './messages.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/** Pauses between repeats: none before the first, then doubling to five seconds, each shortened by chance so that many members do not come at once. */
class Pauses {
  readonly #random: () => number;
  #failures = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  next(): number {
    const longestMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
    const pauseMs = this.#failures === 0 ? 0 : longestMs * (0.5 + this.#random() / 2);
    this.#failures += 1;
    return pauseMs;
  }

  reset(): void {
    this.#failures = 0;
  }
}

/**
 * One connection as its machine sees it: at most one request at a time, each with a time by which it must be answered;
 * after any failure a pause.
 *
 *   down --connect--> connecting --up--> idle <--send / answered--> busy
 *     ^------------------ down, drop (with a pause) -------------------/
 */
export class LinkState {
  readonly name: LinkName;
  readonly #pauses: Pauses;
  #status: 'down' | 'connecting' | 'up' = 'down';
  #busy: { readonly request: ShareRequest; readonly sentMs: number; readonly answerByMs: number } | null = null;
  #pausedUntilMs = 0;

  constructor(name: LinkName, random: () => number) {
    this.name = name;
    this.#pauses = new Pauses(random);
  }

  get isUp(): boolean {
    return this.#status === 'up';
  }

  get isBusy(): boolean {
    return this.#busy !== null;
  }

  /** Up, without an open request, and not in a pause. */
  isFree(nowMs: number): boolean {
    return this.isUp && !this.isBusy && nowMs >= this.#pausedUntilMs;
  }

  /** Asks for a connection when there is none and no pause. */
  connect(nowMs: number): ShareCommand[] {
    if (this.#status !== 'down' || nowMs < this.#pausedUntilMs) return [];
    this.#status = 'connecting';
    return [{ do: 'connect', link: this.name }];
  }

  up(): void {
    this.#status = 'up';
  }

  /** The connection ended or did not come about. */
  down(nowMs: number): void {
    this.#status = 'down';
    this.#busy = null;
    this.pause(nowMs);
  }

  /** Ends the connection from our side. */
  drop(nowMs: number): ShareCommand[] {
    if (this.#status === 'down') return [];
    this.down(nowMs);
    return [{ do: 'drop', link: this.name }];
  }

  send(request: ShareRequest, nowMs: number, answerWithinMs: number): ShareCommand[] {
    this.#busy = { request, sentMs: nowMs, answerByMs: nowMs + answerWithinMs };
    return [{ do: 'send', link: this.name, request }];
  }

  /** The request that an answer belongs to; null when none is open. */
  answered(): { readonly request: ShareRequest; readonly sentMs: number } | null {
    const busy = this.#busy;
    this.#busy = null;
    return busy;
  }

  isOverdue(nowMs: number): boolean {
    return this.#busy !== null && nowMs >= this.#busy.answerByMs;
  }

  /** Something failed: nothing is sent or connected for a while, longer each time until `well`. */
  pause(nowMs: number): void {
    this.#pausedUntilMs = nowMs + this.#pauses.next();
  }

  well(): void {
    this.#pauses.reset();
  }

  /** When to look again; null when only an event can change anything. */
  wakeAtMs(nowMs: number): number | null {
    if (this.#busy) return this.#busy.answerByMs;
    return this.#status !== 'connecting' && this.#pausedUntilMs > nowMs ? this.#pausedUntilMs : null;
  }
}
