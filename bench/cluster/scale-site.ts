import { setImmediate } from 'node:timers/promises';
import { CassandraJobQueue } from '../../src/adapters/cluster/cassandra/job-queue.ts';
import { type CassandraSession, openCassandra } from '../../src/adapters/cluster/cassandra/session.ts';
import { CassandraTitleStore } from '../../src/adapters/cluster/cassandra/title-store.ts';
import { SystemRandom } from '../../src/adapters/embedded/system-random.ts';
import type { JobSpec } from '../../src/model/job.ts';
import type { Title } from '../../src/model/title.ts';
import { createControl } from '../../src/pipeline/control.ts';
import { classOf } from '../../src/pipeline/job-class.ts';
import { encodeJobs } from '../../src/pipeline/job-ids.ts';
import { type SteeringNote, steerTitles } from '../../src/pipeline/steer-titles.ts';
import { newTitle } from '../../src/pipeline/title-changes.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { WakeNote } from '../../src/ports/job-dispatch.ts';
import type { CassandraService } from '../../test/services/cassandra.ts';
import { countTrips } from './count-trips.ts';
import { fillDone, fillTitles } from './fill-rows.ts';
import { noOpOrder } from './no-op-title.ts';

const CODECS = Array.from({ length: 8 }, (_, rung) => `rung${rung}`);
/** Unfinished jobs of the title at hand: the product's window. */
const OPEN_CHUNKS = 64;
const WINDOW = 512;
const LEASE_MS = 60_000;
/** More than control waits between two rounds. */
const ROUND_MS = 6000;
const SPENT = { frames: 0, cpuSeconds: 0 };

export type SiteOrder = { readonly name: string; readonly otherTitles: number; readonly doneChunks: number };

/** A keyspace with titles in it, control's loop over them, and workers that do nothing at once. The loop stands still but for `doJobs`. */
export type Site = {
  readonly name: string;
  readonly firstSweepSeconds: number;
  readonly roundCpuSeconds: number;
  trips(): number;
  /** Until so many more jobs were done. */
  doJobs(count: number): Promise<void>;
  stopSteering(): Promise<void>;
  /** Milliseconds of one decision about the title after a job of it was done elsewhere. */
  decide(): Promise<number>;
  close(): Promise<void>;
};

export async function openSite(service: CassandraService, order: SiteOrder, clock: Clock): Promise<Site> {
  const { contactPoints, localDataCenter } = service;
  const place = { contactPoints, localDataCenter, keyspace: order.name.toLowerCase(), replicationFactor: 1, patienceMs: 20_000 };
  const session = await openCassandra(place, { clock, random: new SystemRandom() });
  const film = encodingTitle('film', order.doneChunks + OPEN_CHUNKS, 1);
  const titles = new CassandraTitleStore(session);
  await titles.create(film, []);
  await fillDone(session, film, order.doneChunks, CODECS);
  await new CassandraJobQueue(session).enqueue(encodeJobs(film, order.doneChunks, order.doneChunks + OPEN_CHUNKS, CODECS));
  const others = Array.from({ length: order.otherTitles }, (_, i) => encodingTitle(`other-${i}`, 1, 0));
  await fillTitles(session, others, (title) => encodeJobs(title, 0, 1, CODECS.slice(0, 1)));
  return new SteeredSite(order.name, session, film, titles, clock).start();
}

function encodingTitle(id: string, chunkCount: number, urgency: number): Title {
  const order = { ...noOpOrder(id), urgency };
  const progress = { rangeCount: 1, pixels: 1, chunkCount, codecs: CODECS, audioCount: 0, textCount: 0, renditionCount: 1, admittedChunks: chunkCount };
  return { ...newTitle({ id, order, nowMs: Date.now() }).next, state: 'encoding', progress };
}

/** Time that passes only while the gate is open. */
class GatedClock implements Clock {
  /** Called whenever somebody begins to wait. */
  onSleep: () => void = () => {};
  readonly #clock: Clock;
  #behindMs = 0;
  #closedAtMs: number | null = null;
  #opened = Promise.withResolvers<void>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#opened.resolve();
  }

  nowMs(): number {
    return (this.#closedAtMs ?? this.#clock.nowMs()) - this.#behindMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.onSleep();
    await this.#clock.sleep(ms, signal);
    await this.#opened.promise;
  }

  skip(ms: number): void {
    this.#behindMs -= ms;
  }

  close(): void {
    this.#closedAtMs = this.#clock.nowMs();
    this.#opened = Promise.withResolvers();
  }

  open(): void {
    if (this.#closedAtMs !== null) this.#behindMs += this.#clock.nowMs() - this.#closedAtMs;
    this.#closedAtMs = null;
    this.#opened.resolve();
  }
}

class SteeredSite implements Site {
  readonly name: string;
  firstSweepSeconds = 0;
  roundCpuSeconds = 0;
  readonly trips: () => number;
  readonly #session: CassandraSession;
  readonly #film: Title;
  readonly #titles: CassandraTitleStore;
  readonly #controlQueue: CassandraJobQueue;
  readonly #workerQueue: CassandraJobQueue;
  readonly #clock: GatedClock;
  readonly #stop = new AbortController();
  readonly #control: ReturnType<typeof createControl>;
  #steering: Promise<void> = Promise.resolve();
  #onNote: (note: WakeNote) => void = () => {};
  #hasLooked = false;
  #deliveries = 0;
  #left = 0;
  #isDone = Promise.withResolvers<void>();
  readonly #held: JobSpec[] = [];

  constructor(name: string, session: CassandraSession, film: Title, titles: CassandraTitleStore, clock: Clock) {
    this.name = name;
    this.#session = session;
    this.#film = film;
    this.#titles = titles;
    this.#clock = new GatedClock(clock);
    this.trips = countTrips([session]);
    this.#controlQueue = new CassandraJobQueue(session);
    this.#workerQueue = new CassandraJobQueue(session);
    const events = { append: async () => {}, read: async () => ({ events: [], cursor: null }) };
    this.#control = createControl({ titles, queue: this.#controlQueue, events, clock, window: WINDOW });
  }

  /** Waits for the first walk over all titles, then measures a round. */
  async start(): Promise<Site> {
    const startedMs = performance.now();
    const swept = this.#untilIdle();
    this.#steering = this.#steer();
    await swept;
    this.firstSweepSeconds = (performance.now() - startedMs) / 1000;
    const before = process.cpuUsage();
    const idle = this.#untilIdle();
    this.#clock.skip(ROUND_MS);
    this.#onNote({ titleId: this.#film.id, jobId: null, outcome: null });
    await idle;
    const cpu = process.cpuUsage(before);
    this.roundCpuSeconds = (cpu.user + cpu.system) / 1e6;
    this.#clock.close();
    return this;
  }

  async doJobs(count: number): Promise<void> {
    this.#left = count;
    this.#isDone = Promise.withResolvers();
    this.#clock.open();
    for (const job of this.#held.splice(0)) void this.#work(job);
    this.#onNote({ titleId: this.#film.id, jobId: null, outcome: null });
    await this.#isDone.promise;
    this.#clock.close();
  }

  async stopSteering(): Promise<void> {
    this.#stop.abort();
    this.#clock.open();
    await this.#steering;
  }

  async decide(): Promise<number> {
    const { id, revision } = this.#film;
    const ready = await this.#controlQueue.readyJobs(id, revision, Number.MAX_SAFE_INTEGER);
    const lease = await this.#workerQueue.claimJob(ready[ready.length - 1].id, this.#claim());
    if (typeof lease === 'string') throw new Error(`a ready job is ${lease}`);
    await this.#workerQueue.complete(lease, {}, SPENT);
    const startedMs = performance.now();
    const title = await this.#control.advance(id);
    await this.#controlQueue.readyJobs(id, revision, WINDOW);
    if (title?.state !== 'encoding') throw new Error(`the title is ${title?.state}`);
    return performance.now() - startedMs;
  }

  async close(): Promise<void> {
    await this.stopSteering();
    await this.#session.close();
  }

  /** Until control waits again after it began a round. */
  #untilIdle(): Promise<void> {
    this.#hasLooked = false;
    return new Promise((done) => {
      this.#clock.onSleep = () => {
        if (this.#hasLooked) done();
      };
    });
  }

  #steer(): Promise<void> {
    return steerTitles({
      owner: 'bench',
      titles: this.#titles,
      jobs: this.#controlQueue,
      control: this.#control,
      dispatch: { offer: async (_jobClass, jobs) => jobs.forEach((job) => void this.#work(job)) },
      wake: {
        listen: async (onNote) => {
          this.#onNote = onNote;
          return { stop: async () => {} };
        },
      },
      workers: {
        list: async () => {
          this.#hasLooked = true;
          return [{ worker: 'w', encoderBuild: '', classes: CODECS.map((codec) => this.#classOf(codec)), slots: 1 }];
        },
      },
      turn: { hold: async () => true, release: async () => {} },
      clock: this.#clock,
      signal: this.#stop.signal,
      observe: (note) => this.#hear(note),
    });
  }

  #classOf(codec: string): string {
    return classOf(this.#film, { kind: 'encode', part: { index: 0, codec } });
  }

  #hear(note: SteeringNote): void {
    if (note.type === 'trouble') process.stderr.write(`${this.name}: ${String(note.error)}\n`);
  }

  /** A worker without anything to do; jobs offered while the gate is closed wait. */
  async #work(job: JobSpec): Promise<void> {
    if (this.#left === 0) return void this.#held.push(job);
    await setImmediate();
    // Another title's, offered before the one at hand was seen.
    if (job.titleId !== this.#film.id) return this.#onNote({ titleId: job.titleId, jobId: job.id, outcome: null });
    const lease = await this.#workerQueue.claimJob(job.id, { ...this.#claim(), unclaimed: job });
    // Offered once more while its note was under way.
    if (typeof lease === 'string') return this.#onNote({ titleId: job.titleId, jobId: job.id, outcome: null });
    await this.#workerQueue.complete(lease, {}, SPENT);
    this.#onNote({ titleId: job.titleId, jobId: job.id, outcome: 'done' });
    if (this.#left > 0 && --this.#left === 0) this.#isDone.resolve();
  }

  #claim() {
    return { worker: 'w', delivery: `d${this.#deliveries++}`, leaseMs: LEASE_MS };
  }
}
