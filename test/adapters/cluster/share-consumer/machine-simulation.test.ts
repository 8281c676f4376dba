import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ShareMachine } from '../../../../src/adapters/cluster/share-consumer/machine.ts';
import type { LinkName, ShareCommand, ShareEvent, ShareRequest } from '../../../../src/adapters/cluster/share-consumer/messages.ts';
import { ModelBroker } from './model-broker.ts';

const SEEDS = 400;
const RECORDS = 12;
const MEMBERS = 3;
const LOCK_MS = 3000;
const SLOWEST_MS = 400;
/** When within an open fetch a lock began is not known. */
const LONGEST_FETCH_MS = 1000;
const FAULTS_END_MS = 60_000;
const END_MS = 240_000;

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Members, a broker and a network on a virtual clock. Faults: cut connections, lost requests and replies, frozen members, and a broker that forgets. */
class Simulation {
  nowMs = 0;
  readonly random: () => number;
  readonly isFaulty: boolean;
  readonly broker = new ModelBroker(RECORDS, LOCK_MS);
  readonly members: Member[];
  readonly #queue: { atMs: number; order: number; run: () => void }[] = [];
  #scheduled = 0;

  constructor(seed: number, isFaulty: boolean) {
    this.random = randomOf(seed);
    this.isFaulty = isFaulty;
    this.members = Array.from({ length: MEMBERS }, (_, i) => new Member(this, `m${i}`));
  }

  after(ms: number, run: () => void): void {
    this.#scheduled += 1;
    this.#queue.push({ atMs: this.nowMs + ms, order: this.#scheduled, run });
    this.#queue.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
  }

  delayMs(): number {
    return 1 + this.random() * (this.random() < 0.1 ? SLOWEST_MS : 10);
  }

  fails(chance: number): boolean {
    return this.isFaulty && this.nowMs < FAULTS_END_MS && this.random() < chance;
  }

  get isDone(): boolean {
    const isWell = !this.isFaulty || this.members.every((member) => member.lastFetchMs > FAULTS_END_MS);
    return isWell && this.broker.rows.every((row) => row.state === 'accepted');
  }

  run(): void {
    for (const member of this.members) member.start();
    while (!this.isDone) {
      const next = this.#queue.shift();
      assert.ok(next && next.atMs < END_MS, `not done: ${JSON.stringify(this.broker.rows)}`);
      this.nowMs = next.atMs;
      next.run();
    }
  }
}

class Member {
  /** When a fetch for a record last succeeded. */
  lastFetchMs = 0;
  readonly #sim: Simulation;
  readonly #name: string;
  readonly #machine: ShareMachine;
  readonly #links: { [name in LinkName]?: number } = {};
  readonly #held = new Map<number, bigint>();
  /** Events that came while it was frozen. */
  #frozen: ShareEvent[] | null = null;
  #open = 0;
  #lastLink = 0;
  #wakes = 0;

  constructor(sim: Simulation, name: string) {
    this.#sim = sim;
    this.#name = name;
    this.#machine = new ShareMachine(sim.random);
  }

  start(): void {
    this.#handle({ on: 'poll', waitMs: 2000 });
  }

  #handle(event: ShareEvent): void {
    if (this.#frozen) {
      this.#frozen.push(event);
      return;
    }
    const { nowMs } = this.#sim;
    for (const command of this.#machine.handle(event, nowMs)) this.#perform(command);
    if (event.on === 'down' && event.link === 'data') assert.equal(this.#held.size, 0, 'locks end with their connection');
    if (event.on === 'reply' && event.reply.errorCode === 122) assert.equal(this.#held.size, 0, 'locks end with their session');
    if (event.on === 'reply' && event.reply.kind === 'fetch' && event.reply.errorCode === 0) this.lastFetchMs = nowMs;
    for (const offset of this.#held.values()) this.#checkBelief(this.#sim.broker.rows[Number(offset)]);
    const wake = ++this.#wakes;
    const wakeAtMs = this.#machine.wakeAtMs(nowMs);
    if (wakeAtMs !== Number.POSITIVE_INFINITY) this.#sim.after(wakeAtMs - nowMs, () => wake === this.#wakes && this.#handle({ on: 'time' }));
    if (this.#sim.fails(0.005)) this.#freeze();
  }

  /** Whoever believes in a lock that ended longer ago than a fetch takes has not looked at the clock. */
  #checkBelief(row: ModelBroker['rows'][number]): void {
    const isOurs = row.holder === this.#name;
    if (isOurs && row.state === 'held') assert.ok(this.#sim.nowMs < row.untilMs + LONGEST_FETCH_MS + SLOWEST_MS, 'believes in a lock that ended long ago');
  }

  #freeze(): void {
    this.#frozen = [];
    this.#sim.after(this.#sim.random() * 3 * LOCK_MS, () => {
      const missed = this.#frozen ?? [];
      this.#frozen = null;
      this.#handle({ on: 'time' });
      for (const event of missed) this.#handle(event);
    });
  }

  #perform(command: ShareCommand): void {
    switch (command.do) {
      case 'connect':
        this.#connect(command.link);
        return;
      case 'drop':
        this.#cut(command.link, false);
        return;
      case 'send':
        this.#send(command.link, command.request);
        return;
      case 'deliver':
        this.#held.set(command.lockId, command.record.offset);
        this.#sim.after(this.#sim.random() * 2.5 * LOCK_MS, () => this.#handle({ on: 'settle', lockId: command.lockId, settlement: 'accept' }));
        return;
      case 'nothing':
        this.#sim.after(0, () => this.start());
        return;
      case 'lost':
        if (this.#held.delete(command.lockId)) this.#sim.after(0, () => this.start());
        return;
      case 'settled':
        assert.equal(this.#sim.broker.rows[Number(this.#held.get(command.lockId))].state, 'accepted', 'settled means that the broker has it');
        this.#held.delete(command.lockId);
        this.#sim.after(0, () => this.start());
    }
  }

  #connect(link: LinkName): void {
    const connection = ++this.#lastLink * 100 + Number(this.#name.slice(1));
    this.#links[link] = connection;
    if (link === 'data') this.#open = 0;
    this.#sim.after(this.#sim.delayMs(), () => {
      if (this.#links[link] !== connection) return;
      if (this.#sim.fails(0.1)) this.#cut(link, true);
      else this.#handle({ on: 'up', link });
    });
  }

  /** Ends a connection: the broker sees it a little later, and we at once unless we did it. */
  #cut(link: LinkName, isNews: boolean): void {
    const connection = this.#links[link];
    delete this.#links[link];
    if (connection === undefined) return;
    this.#sim.after(this.#sim.delayMs(), () => this.#sim.broker.closed(connection));
    if (isNews) this.#handle({ on: 'down', link });
  }

  #send(link: LinkName, request: ShareRequest): void {
    const connection = this.#links[link];
    assert.ok(connection !== undefined, 'nothing is sent without a connection');
    if (link === 'data') assert.equal(this.#open++, 0, 'one request at a time');
    for (const what of ['membership', 'session', 'epoch'] as const) if (this.#sim.fails(0.01)) this.#sim.broker.disturb(this.#name, what);
    const isCut = this.#sim.fails(0.02);
    if (this.#sim.fails(0.02)) return;
    this.#sim.after(this.#sim.delayMs(), () => {
      if (this.#links[link] !== connection) return;
      if (isCut) this.#cut(link, true);
      else this.#arrive(link, connection, request);
    });
  }

  #arrive(link: LinkName, connection: number, request: ShareRequest): void {
    const { broker } = this.#sim;
    if (this.#links[link] !== connection) return;
    const waitMs = request.kind === 'fetch' && request.max === 1 && !broker.hasReady(this.#sim.nowMs) ? request.waitMs : 0;
    this.#sim.after(waitMs, () => {
      if (this.#links[link] !== connection) return;
      const reply = broker.answer(this.#name, connection, request, this.#sim.nowMs);
      if (this.#sim.fails(0.02)) return;
      this.#sim.after(this.#sim.delayMs(), () => {
        if (this.#links[link] !== connection) return;
        if (link === 'data') this.#open = 0;
        this.#handle({ on: 'reply', reply });
      });
    });
  }
}

describe('the machine in a simulated cluster', () => {
  it('settles everything without a refusal where nothing fails', () => {
    for (let seed = 1; seed <= SEEDS / 10; seed++) {
      const sim = new Simulation(seed, false);
      sim.run();
      assert.deepEqual([...sim.broker.refusals], [], `seed ${seed}`);
      assert.ok(
        sim.broker.rows.every(({ deliveries }) => deliveries === 1),
        `seed ${seed}`,
      );
    }
  });

  it(`settles everything in the end, whatever fails, with ${SEEDS} seeds`, () => {
    const refusals = new Set<number>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const sim = new Simulation(seed, true);
      try {
        sim.run();
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
      for (const code of sim.broker.refusals) refusals.add(code);
    }
    assert.deepEqual([...refusals].sort(), [121, 122, 123, 25]);
  });
});
