import type { FetchReply, HeartbeatReply, ShareReply, ShareRequest } from '../../../src/adapters/cluster/share-consumer/messages.ts';
import type { SceneEvent } from '../../../src/model/event.ts';
import type { WakeNote } from '../../../src/ports/job-dispatch.ts';
import type { World } from '../world.ts';
import type { ClusterProcess, Restartable } from './trouble.ts';

type Held = { readonly member: string; readonly untilMs: number };
type Row = { readonly value: Buffer; state: 'ready' | 'held' | 'settled'; held: Held | null; deliveries: number };

/** As `share.delivery.count.limit` and `share.partition.max.record.locks`, the latter small enough to be met. */
const DELIVERY_LIMIT = 10;
const WINDOW = 400;
const HEARTBEAT_MS = 5000;

/** A job topic with its share group, as measured on real brokers. */
export class JobTopicModel {
  readonly id: string;
  readonly rows: Row[] = [];
  readonly members = new Set<string>();
  readonly sessions = new Map<string, { readonly link: object; epoch: number }>();
  /** Fetches that wait for a record. */
  readonly waiting = new Set<() => void>();
  readonly #onAppend: (topic: JobTopicModel) => void;
  /** The oldest record that is not settled. */
  #firstOpen = 0;

  constructor(id: string, onAppend: (topic: JobTopicModel) => void) {
    this.id = id;
    this.#onAppend = onAppend;
  }

  get unsettled(): number {
    let count = 0;
    for (let i = this.#first(); i < this.rows.length; i++) if (this.rows[i].state !== 'settled') count++;
    return count;
  }

  append(value: Buffer): void {
    this.rows.push({ value, state: 'ready', held: null, deliveries: 0 });
    this.#onAppend(this);
    this.wake();
  }

  wake(): void {
    const [first] = this.waiting;
    first?.();
  }

  hasReady(nowMs: number): boolean {
    return this.#nextReady(nowMs) !== -1;
  }

  acquire(member: string, nowMs: number, lockMs: number): number {
    for (let offset = this.#nextReady(nowMs); offset !== -1; offset = this.#nextReady(nowMs)) {
      const row = this.rows[offset];
      if (row.state === 'held') this.giveBack(row, false);
      if (row.state !== 'ready') continue;
      row.deliveries++;
      row.state = 'held';
      row.held = { member, untilMs: nowMs + lockMs };
      return offset;
    }
    return -1;
  }

  acknowledge(member: string, offset: number, type: string, nowMs: number, lockMs: number): number {
    const row = this.rows[offset];
    if (row?.state !== 'held' || row.held?.member !== member || nowMs >= row.held.untilMs) return 121;
    if (type === 'renew') row.held = { member, untilMs: nowMs + lockMs };
    else if (type === 'release') this.giveBack(row, false);
    else row.state = 'settled';
    return 0;
  }

  /** `isForgotten`: the broker restarted and does not know that it was given out. */
  giveBack(row: Row, isForgotten: boolean): void {
    row.held = null;
    if (isForgotten) row.deliveries--;
    row.state = row.deliveries >= DELIVERY_LIMIT ? 'settled' : 'ready';
    if (row.state === 'ready') this.wake();
  }

  endSession(member: string, isForgotten = false): void {
    this.sessions.delete(member);
    for (let i = this.#first(); i < this.rows.length; i++) {
      const row = this.rows[i];
      if (row.state === 'held' && row.held?.member === member) this.giveBack(row, isForgotten);
    }
  }

  #first(): number {
    while (this.#firstOpen < this.rows.length && this.rows[this.#firstOpen].state === 'settled') this.#firstOpen++;
    return this.#firstOpen;
  }

  #nextReady(nowMs: number): number {
    const first = this.#first();
    const end = Math.min(this.rows.length, first + WINDOW);
    for (let i = first; i < end; i++) {
      const { state, held } = this.rows[i];
      if (state === 'ready' || (state === 'held' && held !== null && nowMs >= held.untilMs)) return i;
    }
    return -1;
  }
}

/** Kafka as its clients see it: job topics with share groups, the events, the notes. What it acknowledged survives its restarts. */
export class SimBroker implements Restartable {
  readonly #world: World;
  readonly #lockMs: number;
  readonly topics = new Map<string, JobTopicModel>();
  /** After each record. */
  onAppend: (topic: JobTopicModel) => void = () => {};
  readonly events: SceneEvent[] = [];
  readonly links = new Set<{ readonly process: ClusterProcess; readonly member: string; readonly topic: string; cut(): void }>();
  readonly listeners = new Set<(note: WakeNote) => void>();
  #downUntilMs = 0;

  constructor(world: World, lockMs: number) {
    this.#world = world;
    this.#lockMs = lockMs;
  }

  get isDown(): boolean {
    return this.#downUntilMs > this.#world.nowMs;
  }

  topic(name: string): JobTopicModel {
    const known = this.topics.get(name);
    if (known) return known;
    const topic = new JobTopicModel(name, (appended) => this.onAppend(appended));
    this.topics.set(name, topic);
    return topic;
  }

  restart(downMs: number): void {
    this.#downUntilMs = this.#world.nowMs + downMs;
    for (const topic of this.topics.values()) for (const member of [...topic.sessions.keys()]) topic.endSession(member, true);
    for (const link of [...this.links]) link.cut();
  }

  /** Of one member of the process: the group forgets it, its session is evicted, or its epoch is another one. */
  forget(process: ClusterProcess): void {
    const links = [...this.links].filter((link) => link.process === process);
    if (links.length === 0) return;
    const { member, topic: name } = this.#world.random.pick(links);
    const topic = this.topic(name);
    const session = topic.sessions.get(member);
    const what = this.#world.random.between(0, 2);
    if (what === 0) topic.members.delete(member);
    else if (what === 1) topic.endSession(member);
    else if (session) session.epoch++;
  }

  /** Gives a record up; says who held it. */
  archive(): string | null {
    const rows = [...this.topics.values()].flatMap((topic) => topic.rows.filter(({ state }) => state !== 'settled'));
    if (rows.length === 0) return null;
    const row = this.#world.random.pick(rows);
    const holder = row.held?.member ?? null;
    row.state = 'settled';
    row.held = null;
    return holder;
  }

  /** The session of a connection, and the locks of its member, end with it. */
  closed(link: object, topic: JobTopicModel): void {
    for (const [member, session] of topic.sessions) if (session.link === link) topic.endSession(member);
  }

  answer(topic: JobTopicModel, member: string, link: object, request: ShareRequest): ShareReply {
    if (request.kind === 'heartbeat') return this.#heartbeat(topic, member, request);
    const { nowMs } = this.#world;
    const errorCode = enter(topic, member, link, request);
    if (request.kind === 'fetch') {
      const offset = errorCode === 0 && request.max === 1 ? topic.acquire(member, nowMs, this.#lockMs) : -1;
      return { kind: 'fetch', errorCode, message: null, lockMs: this.#lockMs, partitions: offset === -1 ? [] : [given(topic, offset)] };
    }
    const isAbout = errorCode === 0 && request.place !== null;
    const code = isAbout ? topic.acknowledge(member, Number(request.place?.first), request.type, nowMs, this.#lockMs) : 0;
    return { kind: 'acknowledge', errorCode, message: null, partitions: [{ topicId: topic.id, errorCode: code, message: null }] };
  }

  #heartbeat(topic: JobTopicModel, member: string, { epoch }: ShareRequest & { kind: 'heartbeat' }): HeartbeatReply {
    if (epoch === 0) topic.members.add(member);
    const errorCode = topic.members.has(member) ? 0 : 25;
    if (epoch === -1) topic.members.delete(member);
    return { kind: 'heartbeat', errorCode, message: null, memberEpoch: epoch === -1 ? -1 : epoch + 1, intervalMs: HEARTBEAT_MS, topicIds: [topic.id] };
  }
}

function enter(topic: JobTopicModel, member: string, link: object, request: ShareRequest): number {
  const session = topic.sessions.get(member);
  if (request.kind === 'fetch' && request.epoch === 0) {
    // Locks survive; those of a connection that is gone end by themselves.
    topic.sessions.set(member, { link, epoch: 1 });
    return 0;
  }
  if (!session) return 122;
  if (request.epoch === -1) {
    topic.endSession(member);
    return 0;
  }
  if (session.epoch !== request.epoch) return 123;
  session.epoch++;
  return 0;
}

function given(topic: JobTopicModel, offset: number): FetchReply['partitions'][number] {
  const at = BigInt(offset);
  const { value, deliveries } = topic.rows[offset];
  const record = { offset: at, key: null, value, headers: [] };
  return { topicId: topic.id, errorCode: 0, message: null, records: [record], acquired: [{ first: at, last: at, deliveryCount: deliveries }] };
}
