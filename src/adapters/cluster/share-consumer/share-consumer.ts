import { randomUUID } from 'node:crypto';
import { describeCode } from './codes.ts';
import { HeldRecord } from './held-record.ts';
import type { ClusterAccess } from './locate.ts';
import { ShareMachine } from './machine.ts';
import type { LinkName, LossReason, ShareCommand, ShareEvent, ShareRequest } from './messages.ts';
import { kafkaNetwork, type Membership, type ShareLink, type ShareNetwork } from './network.ts';
import { ShareError } from './share-error.ts';

export type ShareConsumerOptions = ClusterAccess & {
  readonly group: string;
  /** Has one partition. */
  readonly topic: string;
  /** Hears of everything that failed and is being repeated. */
  readonly onTrouble?: (error: ShareError) => void;
};

/** Longer than a broker takes to start. */
const OPEN_WITHIN_MS = 60_000;

const LOSS_TEXTS: { readonly [reason in LossReason]: string } = {
  connection: 'The connection that held the lock ended',
  session: 'The broker has forgotten the session that held the lock',
  'no-answer': 'No renewal of the lock was confirmed for its whole length',
  refused: 'The broker says that the lock is not ours',
  closed: 'The consumer was closed before it was decided about',
};

/** One end of a connection that is being made, or is there. Events of a link that was replaced are not heard. */
type Link = { connection: ShareLink | null };

/**
 * A member of a Kafka share group (KIP-932) on one topic of one partition: hands out records one at a time, each locked for this
 * member only, until it is settled. Does what `ShareMachine` says with sockets and timers; see README.md for what it guarantees.
 */
export class ShareConsumer {
  readonly memberId = randomUUID();
  readonly #options: ShareConsumerOptions;
  readonly #network: ShareNetwork;
  readonly #machine: ShareMachine;
  readonly #links: { [name in LinkName]?: Link } = {};
  readonly #held = new Map<number, HeldRecord>();
  readonly #joined = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  #poll: PromiseWithResolvers<HeldRecord | null> | null = null;
  readonly #commands: ShareCommand[] = [];
  #cancelTimer = () => {};
  #isClosing = false;
  #lastTrouble: ShareError | null = null;

  private constructor(options: ShareConsumerOptions, networkFor: (membership: Membership) => ShareNetwork) {
    this.#options = options;
    this.#network = networkFor({ ...options, memberId: this.memberId });
    this.#machine = new ShareMachine(this.#network.random);
  }

  /**
   * Joins the group. Throws a `refused` ShareError when the cluster will not have us (no such topic, several partitions, credentials,
   * certificate, permissions, an old broker), and `trouble` when no broker let us in within a minute.
   */
  static async open(options: ShareConsumerOptions, networkFor: (membership: Membership) => ShareNetwork = kafkaNetwork): Promise<ShareConsumer> {
    const consumer = new ShareConsumer(options, networkFor);
    const cancel = consumer.#network.after(OPEN_WITHIN_MS, () => consumer.#giveUpJoining());
    try {
      consumer.#handle({ on: 'time' });
      await consumer.#joined.promise;
      return consumer;
    } catch (error) {
      await consumer.close();
      throw error;
    } finally {
      cancel();
    }
  }

  /**
   * The next record, or null when there was none within `waitMs` (0: what is there now). One poll at a time; records may be held meanwhile.
   * Troubles of the cluster are waited out; a `refused` ShareError is thrown for what does not pass.
   */
  poll(waitMs: number): Promise<HeldRecord | null> {
    if (this.#isClosing) return Promise.reject(new ShareError('closed', 'The consumer is closed.'));
    if (this.#poll) return Promise.reject(new ShareError('refused', 'A poll is already under way.'));
    this.#poll = Promise.withResolvers();
    const { promise } = this.#poll;
    this.#handle({ on: 'poll', waitMs });
    return promise;
  }

  /** Leaves the group: what is held and not decided about is lost to us and goes to other members at once. */
  close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      this.#handle({ on: 'close' });
    }
    return this.#closed.promise;
  }

  #handle(event: ShareEvent): void {
    const nowMs = this.#network.nowMs();
    const isNested = this.#commands.length > 0;
    this.#commands.push(...this.#machine.handle(event, nowMs));
    // What hears of a command may cause the next event: its commands come after those that are still to be done.
    while (!isNested && this.#commands.length > 0) {
      this.#perform(this.#commands[0]);
      this.#commands.shift();
    }
    this.#cancelTimer();
    const wakeAtMs = this.#machine.wakeAtMs(nowMs);
    if (wakeAtMs === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.#network.after(Math.ceil(Math.max(0, wakeAtMs - nowMs)), () => this.#handle({ on: 'time' }));
  }

  #perform(command: ShareCommand): void {
    switch (command.do) {
      case 'connect':
        void this.#connect(command.link);
        return;
      case 'drop':
        this.#drop(command.link);
        return;
      case 'send':
        void this.#send(command.link, command.request);
        return;
      case 'joined':
        this.#joined.resolve();
        return;
      case 'deliver':
        this.#deliver(command.lockId, new HeldRecord(command.record, command.deliveryCount, (settlement) => this.#decide(command.lockId, settlement)));
        return;
      case 'nothing':
        this.#endPoll()?.resolve(null);
        return;
      case 'settled':
        this.#held.get(command.lockId)?.confirm();
        this.#held.delete(command.lockId);
        return;
      case 'lost':
        this.#lose(command.lockId, command.reason, command.code);
        return;
      case 'report':
        this.#report(command);
        return;
      case 'closed':
        this.#closed.resolve();
    }
  }

  async #connect(name: LinkName): Promise<void> {
    const link: Link = { connection: null };
    this.#links[name] = link;
    try {
      const connection = await this.#network.connect(name);
      if (this.#links[name] !== link) return connection.close();
      link.connection = connection;
      connection.whenClosed(() => this.#ended(name, link));
      if (connection.isOpen()) this.#handle({ on: 'up', link: name });
      else this.#ended(name, link);
    } catch (error) {
      if (error instanceof ShareError && this.#links[name] === link) this.#trouble(error);
      this.#ended(name, link);
    }
  }

  #drop(name: LinkName): void {
    const connection = this.#links[name]?.connection;
    delete this.#links[name];
    connection?.close();
  }

  #ended(name: LinkName, link: Link): void {
    if (this.#links[name] !== link) return;
    this.#drop(name);
    this.#handle({ on: 'down', link: name });
  }

  async #send(name: LinkName, request: ShareRequest): Promise<void> {
    const link = this.#links[name];
    if (!link?.connection) return;
    try {
      const reply = await link.connection.request(request);
      if (this.#links[name] === link) this.#handle({ on: 'reply', reply });
    } catch (error) {
      if (this.#links[name] !== link) return;
      this.#trouble(new ShareError('trouble', `A ${request.kind} got no reply: ${error instanceof Error ? error.message : error}`, { cause: error }));
      this.#ended(name, link);
    }
  }

  #decide(lockId: number, settlement: 'accept' | 'release' | 'reject'): void {
    this.#handle({ on: 'settle', lockId, settlement });
  }

  #deliver(lockId: number, held: HeldRecord): void {
    this.#held.set(lockId, held);
    this.#endPoll()?.resolve(held);
  }

  #endPoll(): PromiseWithResolvers<HeldRecord | null> | null {
    const poll = this.#poll;
    this.#poll = null;
    return poll;
  }

  #lose(lockId: number, reason: LossReason, code: number | null): void {
    const detail = code === null ? '' : ` (${describeCode(code, null)})`;
    this.#held.get(lockId)?.lose(new ShareError('lost', `${LOSS_TEXTS[reason]}${detail}.`, { code }));
    this.#held.delete(lockId);
  }

  #report({ what, code, message, isRefused }: ShareCommand & { do: 'report' }): void {
    const error = new ShareError(isRefused ? 'refused' : 'trouble', `The broker refused a ${what}: ${describeCode(code, message)}`, { code });
    if (isRefused) this.#endPoll()?.reject(error);
    this.#trouble(error);
  }

  #trouble(error: ShareError): void {
    this.#lastTrouble = error;
    if (error.kind === 'refused') this.#joined.reject(error);
    this.#options.onTrouble?.(error);
  }

  #giveUpJoining(): void {
    this.#joined.reject(this.#lastTrouble ?? new ShareError('trouble', `The group ${this.#options.group} gave us no part of ${this.#options.topic}.`));
  }
}
