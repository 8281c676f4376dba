import { verdictOn } from './codes.ts';
import { Membership } from './membership.ts';
import type { ShareCommand, ShareEvent, ShareReply } from './messages.ts';
import { Session } from './session.ts';

/** A goodbye that nobody answers is given up. */
const CLOSE_WITHIN_MS = 5000;

/**
 * A member of a share group without sockets, timers and clock: events and the time go in, commands come out.
 * Its owner connects, sends and waits, and calls again at `wakeAtMs`. The same events give the same commands.
 */
export class ShareMachine {
  readonly #membership: Membership;
  readonly #session: Session;
  #closeByMs: number | null = null;
  #isClosed = false;

  /** `random`: from 0 to below 1; spreads repeats over time. */
  constructor(random: () => number) {
    this.#membership = new Membership(random);
    this.#session = new Session(random);
  }

  /** What to do about an event. `nowMs` never goes back; its zero is anywhere. */
  handle(event: ShareEvent, nowMs: number): ShareCommand[] {
    if (this.#isClosed) return [];
    const commands = this.#take(event, nowMs);
    this.#session.want(this.#membership.topicId);
    commands.push(...this.#membership.advance(nowMs), ...this.#session.advance(nowMs));
    const isDone = this.#membership.isDone && this.#session.isDone;
    if (this.#closeByMs === null || (!isDone && nowMs < this.#closeByMs)) return commands;
    this.#isClosed = true;
    return [...commands, ...this.#membership.drop(nowMs), ...this.#session.drop(nowMs), { do: 'closed' }];
  }

  /** When to call again with `time` if nothing happens before; Infinity for never. */
  wakeAtMs(nowMs: number): number {
    if (this.#isClosed) return Number.POSITIVE_INFINITY;
    return Math.min(this.#membership.wakeAtMs(nowMs) ?? Number.POSITIVE_INFINITY, this.#session.wakeAtMs(nowMs), this.#closeByMs ?? Number.POSITIVE_INFINITY);
  }

  #take(event: ShareEvent, nowMs: number): ShareCommand[] {
    switch (event.on) {
      case 'up':
        (event.link === 'data' ? this.#session : this.#membership).up();
        return [];
      case 'down':
        if (event.link === 'data') return this.#session.down(nowMs);
        this.#membership.down(nowMs);
        return [];
      case 'reply':
        return this.#answered(event.reply, nowMs);
      case 'poll':
        this.#session.poll(event.waitMs, nowMs);
        return [];
      case 'settle':
        this.#session.settle(event.lockId, event.settlement);
        return [];
      case 'close':
        this.#closeByMs = nowMs + CLOSE_WITHIN_MS;
        this.#membership.close();
        return this.#session.close();
      case 'time':
        return [];
    }
  }

  #answered(reply: ShareReply, nowMs: number): ShareCommand[] {
    if (reply.kind === 'heartbeat') return this.#membership.answered(reply, nowMs);
    if (reply.errorCode !== 0 && verdictOn('session', reply.errorCode) === 'rejoin') this.#membership.rejoin();
    return reply.kind === 'fetch' ? this.#session.fetched(reply, nowMs) : this.#session.acknowledged(reply, nowMs);
  }
}
