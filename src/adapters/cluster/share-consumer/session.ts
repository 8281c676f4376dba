import { sortAcquired } from './acquired.ts';
import { verdictOn } from './codes.ts';
import { LinkState } from './link-state.ts';
import { type Lock, Locks } from './locks.ts';
import type { AcknowledgeReply, FetchReply, Settlement, ShareCommand, ShareRequest } from './messages.ts';

/** Of a lock before the broker has said how long its locks are. */
const LOCK_MS_BEFORE_TOLD = 30_000;
const SLOWEST_ANSWER_MS = 30_000;
/** A decision or `close` waits for the fetch that is open: so fetches are short, and shorter while something is held. */
const IDLE_FETCH_MS = 1000;
const HOLDING_FETCH_MS = 200;
const LARGEST_EPOCH = 0x7fffffff;

/** A reply that does not speak of what was acknowledged: ask again. */
const NO_WORD = { errorCode: -1, message: 'no word about the record' };

type Acknowledged = ShareRequest & { kind: 'acknowledge' };
type Fetched = ShareRequest & { kind: 'fetch' };

/**
 * The share session with the leader of the partition, and the locks it holds.
 *
 * Epochs: 0 opens a session, then each request carries one more, -1 ends it. They must reach the broker in order, so
 * there is one request at a time. An acknowledgement cannot open a session; a fetch of nothing can.
 * Locks live as long as the connection that opened the session, and then as long as their own time runs.
 */
export class Session {
  readonly #link: LinkState;
  readonly #locks = new Locks();
  #epoch = 0;
  /** Topic in the open session. */
  #known: string | null = null;
  /** Topic that should be in it. */
  #wanted: string | null = null;
  #lockMs = LOCK_MS_BEFORE_TOLD;
  #pollUntilMs: number | null = null;
  #isClosing = false;

  constructor(random: () => number) {
    this.#link = new LinkState('data', random);
  }

  get isDone(): boolean {
    return this.#isClosing && this.#locks.size === 0 && !this.#link.isBusy && (this.#epoch === 0 || !this.#link.isUp);
  }

  want(topicId: string | null): void {
    this.#wanted = topicId;
  }

  up(): void {
    this.#link.up();
  }

  down(nowMs: number): ShareCommand[] {
    this.#link.down(nowMs);
    return this.#forget('connection', null);
  }

  drop(nowMs: number): ShareCommand[] {
    return [...this.#link.drop(nowMs), ...this.#forget('connection', null)];
  }

  poll(waitMs: number, nowMs: number): void {
    this.#pollUntilMs = nowMs + waitMs;
  }

  settle(lockId: number, settlement: Settlement): void {
    this.#locks.settle(lockId, settlement);
  }

  /** Leaves once what was decided is settled; what is still held goes back to the group at once. */
  close(): ShareCommand[] {
    this.#isClosing = true;
    return [...this.#endPoll(), ...this.#locks.loseUndecided()];
  }

  advance(nowMs: number): ShareCommand[] {
    const lapsed = this.#locks.lapsed(nowMs);
    const lost = lapsed.flatMap((lock) => this.#lose(lock, 'no-answer', null));
    // A broker that let a whole lock pass without an answer is not behind this connection any more.
    const isDead = this.#link.isOverdue(nowMs) || (lapsed.length > 0 && this.#link.isBusy);
    const commands = isDead ? [...lost, ...this.drop(nowMs)] : lost;
    if (this.isDone) return commands;
    commands.push(...this.#link.connect(nowMs));
    const request = this.#link.isFree(nowMs) ? this.#nextRequest(nowMs) : null;
    if (request) return [...commands, ...this.#link.send(request, nowMs, this.#answerWithinMs(request))];
    return this.#link.isBusy ? commands : [...commands, ...this.#endPollInTime(nowMs)];
  }

  fetched(reply: FetchReply, nowMs: number): ShareCommand[] {
    const open = this.#link.answered();
    if (open?.request.kind !== 'fetch') return [];
    if (reply.errorCode !== 0) return this.#sessionFailed('fetch', reply, nowMs);
    this.#succeeded(open.request);
    if (reply.lockMs > 0) this.#lockMs = reply.lockMs;
    const troubles = reply.partitions.filter((partition) => partition.errorCode !== 0);
    if (troubles.length === 0) this.#link.well();
    // The broker answers at the end of the wait at the latest: a reply that comes later was under way, or we were frozen.
    const acquiredMs = Math.min(nowMs, open.sentMs + open.request.waitMs);
    return [
      ...this.#take(reply, acquiredMs, nowMs),
      ...troubles.flatMap((partition) => this.#partitionFailed(partition, nowMs)),
      ...this.#endPollInTime(nowMs),
    ];
  }

  acknowledged(reply: AcknowledgeReply, nowMs: number): ShareCommand[] {
    const open = this.#link.answered();
    if (open?.request.kind !== 'acknowledge') return [];
    const { place, type, epoch } = open.request;
    if (epoch === -1 || !place) {
      this.#epoch = 0;
      return [];
    }
    // Decisions stay with their locks, and are sent again in the next session.
    if (reply.errorCode !== 0) return this.#sessionFailed(type, reply, nowMs);
    this.#advanceEpoch();
    if (type === 'gap') this.#locks.removeGap(place.first);
    const lock = type === 'gap' ? null : this.#locks.at(place.first);
    const { errorCode, message } = reply.partitions.find(({ topicId }) => topicId === place.topicId) ?? NO_WORD;
    if (!lock) return [];
    if (errorCode !== 0) return this.#recordFailed(lock, { type, errorCode, message }, nowMs);
    this.#link.well();
    if (type !== 'renew') {
      this.#locks.remove(lock);
      return [{ do: 'settled', lockId: lock.id }];
    }
    this.#locks.renewed(lock, open.sentMs, this.#lockMs);
    return [];
  }

  wakeAtMs(nowMs: number): number {
    const linkMs = this.#link.wakeAtMs(nowMs) ?? Number.POSITIVE_INFINITY;
    const pollMs = this.#pollUntilMs !== null && !this.#link.isBusy ? this.#pollUntilMs : Number.POSITIVE_INFINITY;
    return Math.min(linkMs, pollMs, this.#locks.nextDueMs(nowMs));
  }

  #nextRequest(nowMs: number): Fetched | Acknowledged | null {
    const due = this.#locks.due(nowMs);
    if (due) return this.#epoch === 0 ? this.#fetch(0, 0) : { kind: 'acknowledge', epoch: this.#epoch, ...due };
    if (this.#isClosing) return { kind: 'acknowledge', epoch: -1, place: null, type: 'gap' };
    if (this.#pollUntilMs === null || this.#wanted === null) return null;
    const longestMs = this.#locks.size > 0 ? HOLDING_FETCH_MS : IDLE_FETCH_MS;
    const waitMs = Math.min(longestMs, this.#pollUntilMs - nowMs, this.#locks.nextDueMs(nowMs) - nowMs);
    return this.#fetch(1, Math.max(0, Math.ceil(waitMs)));
  }

  #fetch(max: 0 | 1, waitMs: number): Fetched {
    const isSame = this.#known === this.#wanted;
    const add = this.#wanted !== null && !isSame ? [this.#wanted] : [];
    const forget = this.#known !== null && !isSame ? [this.#known] : [];
    return { kind: 'fetch', epoch: this.#epoch, add, forget, max, waitMs };
  }

  #answerWithinMs(request: Fetched | Acknowledged): number {
    return Math.min(this.#lockMs, SLOWEST_ANSWER_MS) + (request.kind === 'fetch' ? request.waitMs : 0);
  }

  #succeeded({ add, forget }: Fetched): void {
    this.#known = add[0] ?? (forget.length > 0 ? null : this.#known);
    this.#advanceEpoch();
  }

  #advanceEpoch(): void {
    this.#epoch = this.#epoch === LARGEST_EPOCH ? 1 : this.#epoch + 1;
  }

  /** One record for the poll; anything beyond it goes back, and what came too late has gone back by itself. */
  #take(reply: FetchReply, acquiredMs: number, nowMs: number): ShareCommand[] {
    if (nowMs >= acquiredMs + this.#lockMs) return [];
    const commands: ShareCommand[] = [];
    for (const { topicId, ...partition } of reply.partitions) {
      const { ours, gaps } = sortAcquired(partition);
      this.#locks.addGaps(gaps.map((gap) => ({ topicId, ...gap })));
      for (const { record, deliveryCount } of ours) {
        const lock = this.#locks.add(topicId, record.offset, acquiredMs, this.#lockMs);
        if (this.#pollUntilMs === null) lock.settlement = 'release';
        else commands.push({ do: 'deliver', lockId: lock.id, record, deliveryCount });
        this.#pollUntilMs = null;
      }
    }
    return commands;
  }

  #sessionFailed(what: string, { errorCode, message }: { errorCode: number; message: string | null }, nowMs: number): ShareCommand[] {
    const verdict = verdictOn('session', errorCode);
    this.#link.pause(nowMs);
    const report = this.#report(what, { errorCode, message }, verdict === 'refused');
    if (verdict === 'gone') return [...report, ...this.#forget('session', errorCode)];
    if (verdict === 'reopen') this.#closeSession();
    return report;
  }

  #partitionFailed(partition: { errorCode: number; message: string | null }, nowMs: number): ShareCommand[] {
    const verdict = verdictOn('partition', partition.errorCode);
    const report = this.#report('fetch', partition, verdict === 'refused');
    if (verdict === 'relocate') return [...report, ...this.drop(nowMs)];
    this.#link.pause(nowMs);
    return report;
  }

  #recordFailed(lock: Lock, failure: { type: string; errorCode: number; message: string | null }, nowMs: number): ShareCommand[] {
    const verdict = verdictOn('record', failure.errorCode);
    if (verdict === 'lost') return this.#lose(lock, 'refused', failure.errorCode);
    const report = this.#report(failure.type, failure, false);
    if (verdict === 'relocate') return [...report, ...this.drop(nowMs)];
    this.#link.pause(nowMs);
    return report;
  }

  #report(what: string, { errorCode, message }: { errorCode: number; message: string | null }, isRefused: boolean): ShareCommand[] {
    if (isRefused) this.#pollUntilMs = null;
    return [{ do: 'report', what, code: errorCode, message, isRefused }];
  }

  #lose(lock: Lock, reason: 'no-answer' | 'refused', code: number | null): ShareCommand[] {
    this.#locks.remove(lock);
    return [{ do: 'lost', lockId: lock.id, reason, code }];
  }

  #forget(reason: 'connection' | 'session', code: number | null): ShareCommand[] {
    this.#closeSession();
    return this.#locks.loseAll(reason, code);
  }

  #closeSession(): void {
    this.#epoch = 0;
    this.#known = null;
  }

  #endPollInTime(nowMs: number): ShareCommand[] {
    return this.#pollUntilMs !== null && nowMs >= this.#pollUntilMs ? this.#endPoll() : [];
  }

  #endPoll(): ShareCommand[] {
    if (this.#pollUntilMs === null) return [];
    this.#pollUntilMs = null;
    return [{ do: 'nothing' }];
  }
}
