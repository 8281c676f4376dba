import { verdictOn } from './codes.ts';
import { LinkState } from './link-state.ts';
import type { HeartbeatReply, ShareCommand } from './messages.ts';

const ANSWER_WITHIN_MS = 15_000;
/** The coordinator assigns about once a second; asking often at first makes joining quick. */
const EAGER_FOR_MS = 5000;
const EAGER_EVERY_MS = 100;
const WITHOUT_ASSIGNMENT_EVERY_MS = 1000;

/**
 * Membership of the group: who we are to its coordinator. Locks do not depend on it.
 *
 *   epoch 0 --heartbeat--> epoch n --heartbeat every interval--> epoch n+...
 *      ^---- 25, 69, 110 ----/                       close: epoch -1
 */
export class Membership {
  readonly #link: LinkState;
  #epoch = 0;
  #nextMs = 0;
  #joiningSinceMs: number | null = null;
  #topicId: string | null = null;
  #isClosing = false;

  constructor(random: () => number) {
    this.#link = new LinkState('control', random);
  }

  /** The topic that is assigned to us. */
  get topicId(): string | null {
    return this.#topicId;
  }

  get isDone(): boolean {
    return this.#isClosing && !this.#link.isBusy && (this.#epoch === 0 || !this.#link.isUp);
  }

  up(): void {
    this.#link.up();
  }

  down(nowMs: number): void {
    this.#link.down(nowMs);
  }

  /** Joins anew at the next heartbeat, under the same member id. */
  rejoin(): void {
    this.#epoch = 0;
    this.#nextMs = 0;
  }

  close(): void {
    this.#isClosing = true;
    this.#nextMs = 0;
  }

  drop(nowMs: number): ShareCommand[] {
    return this.#link.drop(nowMs);
  }

  advance(nowMs: number): ShareCommand[] {
    const commands = this.#link.isOverdue(nowMs) ? this.#link.drop(nowMs) : [];
    if (this.isDone) return commands;
    commands.push(...this.#link.connect(nowMs));
    if (!this.#link.isFree(nowMs) || nowMs < this.#nextMs) return commands;
    this.#joiningSinceMs ??= nowMs;
    const epoch = this.#isClosing ? -1 : this.#epoch;
    return [...commands, ...this.#link.send({ kind: 'heartbeat', epoch, isSubscribing: epoch === 0 }, nowMs, ANSWER_WITHIN_MS)];
  }

  answered(reply: HeartbeatReply, nowMs: number): ShareCommand[] {
    const open = this.#link.answered();
    if (open?.request.kind !== 'heartbeat') return [];
    const isGoodbye = open.request.epoch === -1;
    if (reply.errorCode !== 0 && !this.#isClosing) return this.#failed(reply, nowMs);
    this.#link.well();
    // One that was let in while it closed still has to say goodbye.
    this.#epoch = isGoodbye || reply.errorCode !== 0 ? 0 : reply.memberEpoch;
    if (this.#isClosing) return [];
    const wasOut = this.#topicId === null;
    if (reply.topicIds) this.#topicId = reply.topicIds[0] ?? null;
    if (this.#topicId === null) {
      const isEager = nowMs - (this.#joiningSinceMs ?? nowMs) < EAGER_FOR_MS;
      this.#nextMs = nowMs + (isEager ? EAGER_EVERY_MS : WITHOUT_ASSIGNMENT_EVERY_MS);
      return [];
    }
    this.#joiningSinceMs = null;
    this.#nextMs = nowMs + reply.intervalMs;
    return wasOut ? [{ do: 'joined' }] : [];
  }

  wakeAtMs(nowMs: number): number | null {
    return this.#link.wakeAtMs(nowMs) ?? (this.#link.isUp && !this.isDone ? this.#nextMs : null);
  }

  #failed({ errorCode, message }: HeartbeatReply, nowMs: number): ShareCommand[] {
    const verdict = verdictOn('heartbeat', errorCode);
    const report: ShareCommand = { do: 'report', what: 'heartbeat', code: errorCode, message, isRefused: verdict === 'refused' };
    if (verdict === 'relocate') return [report, ...this.#link.drop(nowMs)];
    if (verdict === 'rejoin') this.rejoin();
    this.#link.pause(nowMs);
    return [report];
  }
}
