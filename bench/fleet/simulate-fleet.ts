import type { JobKind, JobSpec, JobState } from '../../src/model/job.ts';
import type { Title } from '../../src/model/title.ts';
import { chooseAdmissions } from '../../src/pipeline/admit.ts';
import { decide, type SmallResults } from '../../src/pipeline/decide.ts';
import { longestFirst } from '../../src/pipeline/handlers/plan.ts';
import { PriorityHeap } from '../../src/pipeline/priority-heap.ts';
import { isLive, newTitle } from '../../src/pipeline/title-changes.ts';
import { WaitingTitles } from '../../src/pipeline/waiting-titles.ts';
import { noOpOrder } from '../cluster/no-op-title.ts';
import type { FilmModel } from './film-model.ts';

export type Fleet = {
  readonly workers: number;
  /** Kafka bounds the members of a share group: a larger class is parted over several topics. */
  readonly workersPerTopic: number;
  /** Unfinished encode jobs kept as rows per title. */
  readonly window: number;
};

export type FleetEnd = { readonly makespanSeconds: number; readonly jobs: number; readonly controlBusySeconds: number };

/** What control's looks and offers take, and the way of an offer and of a note: about what `dispatch` measures. */
const SECONDS_PER_STEP = 0.02;
const SECONDS_PER_LOOK = 0.001;
const SECONDS_PER_OFFER = 0.0005;
const OFFER_SECONDS = 0.05;
const NOTE_SECONDS = 0.02;
/** As steer-titles reads. */
const READY_AT_ONCE = 256;
const JOB_CLASS = 'any';

type Film = {
  readonly model: FilmModel;
  title: Title;
  readonly counts: { [kind in JobKind]?: { [state in JobState]?: number } };
  readonly ready: JobSpec[];
};
type Topic = { readonly workers: number; busy: number; offered: number; readonly waiting: JobSpec[] };
type Event = { readonly atSeconds: number; readonly order: number; readonly happen: () => void };

/** Titles on a fleet of workers of one core each, with the product's own decisions and admission, on a clock that only counts. */
export function simulateFleet(models: readonly FilmModel[], fleet: Fleet): FleetEnd {
  const run = new FleetRun(models, fleet);
  return run.toEnd();
}

class FleetRun {
  readonly #fleet: Fleet;
  readonly #films: ReadonlyMap<string, Film>;
  readonly #topics: readonly Topic[];
  readonly #events = new PriorityHeap<Event>((a, b) => (a.atSeconds === b.atSeconds ? a.order < b.order : a.atSeconds < b.atSeconds));
  readonly #woken = new Set<Film>();
  readonly #waiting = new WaitingTitles();
  readonly #offers = new Map<string, { readonly titleId: string; readonly jobClass: string }>();
  #nowSeconds = 0;
  #happened = 0;
  #jobs = 0;
  #controlBusySeconds = 0;
  #isControlBusy = false;

  constructor(models: readonly FilmModel[], fleet: Fleet) {
    this.#fleet = fleet;
    this.#films = new Map(models.map((model) => [model.id, filmOf(model)]));
    this.#topics = partWorkers(fleet.workers, fleet.workersPerTopic).map((workers) => ({ workers, busy: 0, offered: 0, waiting: [] }));
  }

  toEnd(): FleetEnd {
    for (const film of this.#films.values()) this.#woken.add(film);
    this.#steer();
    for (let event = this.#events.pop(); event !== undefined; event = this.#events.pop()) {
      this.#nowSeconds = event.atSeconds;
      event.happen();
    }
    const unfinished = [...this.#films.values()].find(({ title }) => title.state !== 'published');
    if (unfinished) throw new Error(`${unfinished.title.id} stays ${unfinished.title.state}`);
    return { makespanSeconds: this.#nowSeconds, jobs: this.#jobs, controlBusySeconds: this.#controlBusySeconds };
  }

  /** What steer-titles does when something woke it; it is busy for as long as that takes. */
  #steer(): void {
    if (this.#isControlBusy || this.#woken.size === 0) return;
    const woken = [...this.#woken];
    this.#woken.clear();
    for (const film of woken) this.#look(film);
    const slots = new Map([[JOB_CLASS, this.#fleet.workers]]);
    const admissions = chooseAdmissions({ waiting: this.#waiting, offered: [...this.#offers.values()], slots });
    for (const { job } of admissions) this.#offers.set(job.id, { titleId: job.titleId, jobClass: JOB_CLASS });
    for (const titleId of new Set(admissions.map(({ job }) => job.titleId))) this.#forgetOffered(titleId);
    const lookedAfterSeconds = SECONDS_PER_STEP + woken.length * SECONDS_PER_LOOK;
    const busySeconds = lookedAfterSeconds + admissions.length * SECONDS_PER_OFFER;
    this.#controlBusySeconds += busySeconds;
    this.#isControlBusy = true;
    this.#after(busySeconds, () => {
      this.#isControlBusy = false;
      this.#steer();
    });
    for (const [i, { job }] of admissions.entries()) {
      const topic = roomiest(this.#topics);
      topic.offered++;
      this.#after(lookedAfterSeconds + (i + 1) * SECONDS_PER_OFFER + OFFER_SECONDS, () => {
        topic.waiting.push(job);
        this.#startNext(topic);
      });
    }
  }

  #look(film: Film): void {
    for (;;) {
      const results = resultsOf(film);
      const decision = decide({ title: film.title, counts: film.counts, results, parked: null, nowMs: this.#nowSeconds * 1000, window: this.#fleet.window });
      for (const job of decision.enqueue) {
        film.ready.push(job);
        count(film, job.kind, 'ready', 1);
      }
      if (decision.enqueue.length > 0) film.ready.sort((a, b) => b.priority - a.priority);
      if (decision.next === null) break;
      film.title = decision.next;
    }
    if (isLive(film.title)) this.#readReady(film);
    else this.#waiting.set(film.title.id, []);
  }

  #readReady({ title, ready }: Film): void {
    const jobs: { job: JobSpec; jobClass: string }[] = [];
    for (const job of ready) {
      if (jobs.length === READY_AT_ONCE) break;
      if (!this.#offers.has(job.id)) jobs.push({ job, jobClass: JOB_CLASS });
    }
    this.#waiting.set(title.id, jobs);
  }

  #forgetOffered(titleId: string): void {
    const jobs = this.#waiting.jobsOf(titleId).filter(({ job }) => !this.#offers.has(job.id));
    this.#waiting.set(titleId, jobs);
    if (jobs.length > 0) return;
    const film = this.#films.get(titleId)!;
    // More was ready than is read at once.
    if (film.ready.some((job) => !this.#offers.has(job.id))) this.#woken.add(film);
  }

  #startNext(topic: Topic): void {
    if (topic.busy >= topic.workers) return;
    const job = topic.waiting.shift();
    if (job === undefined) return;
    topic.busy++;
    this.#jobs++;
    const film = this.#films.get(job.titleId)!;
    film.ready.splice(film.ready.indexOf(job), 1);
    count(film, job.kind, 'ready', -1);
    count(film, job.kind, 'running', 1);
    this.#after(secondsOf(film.model, job), () => {
      topic.busy--;
      topic.offered--;
      count(film, job.kind, 'running', -1);
      count(film, job.kind, 'done', 1);
      this.#startNext(topic);
      this.#after(NOTE_SECONDS, () => {
        this.#offers.delete(job.id);
        this.#woken.add(film);
        this.#steer();
      });
    });
  }

  #after(seconds: number, happen: () => void): void {
    this.#events.push({ atSeconds: this.#nowSeconds + seconds, order: this.#happened++, happen });
  }
}

/** As evenly as it goes, no part above `most`. */
export function partWorkers(workers: number, most: number): number[] {
  const parts = Math.ceil(workers / most);
  return Array.from({ length: parts }, (_, i) => Math.floor(workers / parts) + (i < workers % parts ? 1 : 0));
}

function roomiest(topics: readonly Topic[]): Topic {
  return topics.reduce((best, topic) => (topic.workers - topic.offered > best.workers - best.offered ? topic : best));
}

function filmOf(model: FilmModel): Film {
  return { model, title: newTitle({ id: model.id, order: noOpOrder(model.id), nowMs: 0 }).next, counts: {}, ready: [] };
}

function resultsOf({ model, title, counts }: Film): SmallResults {
  const isDone = (kind: JobKind) => (counts[kind]?.done ?? 0) > 0;
  const { ranges, chunks, renditions } = model;
  const asked = title.state;
  return {
    scan: isDone('scan') && asked !== 'planning' ? { refused: false, rangeCount: ranges.length, pixels: 1920 * 1080, audioStreams: [1], findings: [] } : null,
    stitch: isDone('stitch') ? { refused: false, findings: [], frameCount: 1 } : null,
    plan: isDone('plan')
      ? {
          chunkCount: chunks.length,
          codecs: ['h264'],
          audioCount: 1,
          textCount: 0,
          renditionCount: renditions.length,
          longestFirst: longestFirst(model.chunkFrames),
        }
      : null,
  };
}

function count({ counts }: Film, kind: JobKind, state: JobState, change: number): void {
  const ofKind = counts[kind] ?? {};
  counts[kind] = ofKind;
  ofKind[state] = (ofKind[state] ?? 0) + change;
}

function secondsOf(model: FilmModel, { kind, part }: JobSpec): number {
  switch (kind) {
    case 'inspect-range':
      return model.ranges[part.index];
    case 'encode':
      return model.chunks[part.index];
    case 'assemble':
      return model.renditions[part.index];
    case 'inspect-audio':
      return model.inspectAudio;
    case 'package':
      return model.packaging;
    case 'scan':
    case 'stitch':
    case 'plan':
    case 'audio':
    case 'publish':
      return model[kind];
    default:
      throw new Error(`no ${kind} in this fleet`);
  }
}
