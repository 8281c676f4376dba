import { ScenelineError } from '../model/errors.ts';
import type { Job, JobKind, JobResult } from '../model/job.ts';
import type { Title, TitleOrder } from '../model/title.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { JobCounts, JobQueue } from '../ports/job-queue.ts';
import type { TitleStore } from '../ports/title-store.ts';
import { type Decision, decide, ofAllKinds, type SmallResults } from './decide.ts';
import { singleJob } from './job-ids.ts';
import { readPlanResult, readScanResult, readStitchResult } from './job-results.ts';
import { cancelTitle, isLive, newTitle, replaceOrder, retryTitle, startRevision, type TitleChange } from './title-changes.ts';

export type ControlPorts = {
  readonly titles: TitleStore;
  readonly queue: JobQueue;
  readonly events: EventLog;
  readonly clock: Clock;
  /** Unfinished encode jobs kept in the queue per title. */
  readonly window: number;
  /** The decision; the simulation puts faulty ones here to show that it notices. */
  readonly decide?: typeof decide;
};

/**
 * The effects around `decide`. Each method may be cut off between any two of its effects and called again, here or in another process:
 * what is left over is either repeated harmlessly or mended by the next `advance`.
 * All of them return the title as last seen, or null when no title has that id.
 */
export type Control = {
  /** Creates the title unless the id exists. */
  register(id: string, order: TitleOrder): Promise<Title>;
  /** Does everything that can be decided now. */
  advance(titleId: string): Promise<Title | null>;
  cancel(titleId: string): Promise<Title | null>;
  /** Takes a failed or cancelled title up again, its failures forgotten. */
  retry(titleId: string): Promise<Title | null>;
  /** Makes the title anew. */
  startRevision(titleId: string, order: TitleOrder): Promise<Title | null>;
  /** The same content from or to another place. */
  replaceOrder(titleId: string, order: TitleOrder): Promise<Title | null>;
  /** Drops the job's revision when its title no longer wants it (it ended, or started anew). True: the job must not run. */
  dropIfUnwanted(job: Pick<Job, 'titleId' | 'revision'>): Promise<boolean>;
  /** Hands written events to the log, oldest first, each at least once. */
  relayEvents(): Promise<void>;
};

const EVENT_PAGE = 100;
/** A title has seven live states; more rounds than this without rest mean that a store does not keep what it was told. */
const ROUNDS_MAX = 1000;

export function createControl(ports: ControlPorts): Control {
  const { titles, clock } = ports;
  return {
    async register(id, order) {
      const { next, events } = newTitle({ id, order, nowMs: clock.nowMs() });
      await titles.create(next, events);
      await relayEvents(ports);
      return (await titles.get(id)) ?? next;
    },
    advance: (titleId) => advance(ports, titleId),
    cancel: (titleId) => change(ports, titleId, (title) => cancelTitle(title, clock.nowMs())),
    retry: (titleId) =>
      change(ports, titleId, async (title) => {
        const retried = retryTitle(title);
        // Before the row: a parked job seen by a live title would fail it again.
        if (retried) await ports.queue.revive(title.id, title.revision);
        return retried;
      }),
    startRevision: (titleId, order) => change(ports, titleId, (title) => startRevision(title, order, clock.nowMs())),
    replaceOrder: (titleId, order) => change(ports, titleId, (title) => replaceOrder(title, order)),
    dropIfUnwanted: (job) => dropIfUnwanted(ports, job),
    relayEvents: () => relayEvents(ports),
  };
}

async function advance(ports: ControlPorts, titleId: string): Promise<Title | null> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const title = await ports.titles.get(titleId);
    if (title === null) return null;
    const decision = (ports.decide ?? decide)(await look(ports, title));
    const { seen, isAtRest } = await carryOut(ports, title, decision);
    if (isAtRest) return seen;
  }
  throw new ScenelineError('SL-901', `Title ${titleId} does not come to rest.`);
}

/** Effects in this order. At rest: nothing more can be decided before a job has changed; jobs that were just admitted have to be done first. */
async function carryOut({ titles, queue, events }: ControlPorts, title: Title, decision: Decision): Promise<{ seen: Title; isAtRest: boolean }> {
  const { next, enqueue } = decision;
  if (decision.jobs === 'drop') await queue.drop(title.id, title.revision);
  if (decision.jobs === 'revive') await queue.revive(title.id, title.revision);
  if (enqueue.length > 0) await queue.enqueue(enqueue);
  if (next === null) return { seen: title, isAtRest: decision.jobs === 'keep' };
  const won = await titles.update(title.rev, next, decision.events);
  if (won && decision.events.length > 0) await relayEvents({ titles, events });
  return { seen: won ? next : title, isAtRest: won && enqueue.length > 0 };
}

async function look({ queue, clock, window }: ControlPorts, title: Title): Promise<Parameters<typeof decide>[0]> {
  const counts = await queue.counts(title.id, title.revision);
  const isParked = isLive(title) && ofAllKinds(counts, ['parked']) > 0;
  const parked = isParked ? await queue.findParked(title.id, title.revision) : null;
  return { title, counts, parked, results: await smallResults(queue, title, counts), nowMs: clock.nowMs(), window };
}

async function smallResults(queue: JobQueue, title: Title, counts: JobCounts): Promise<SmallResults> {
  const resultOf = async <T>(kind: JobKind, read: (result: JobResult) => T): Promise<T | null> => {
    if (!counts[kind]?.done) return null;
    const job = await queue.get(singleJob(title, kind).id);
    return job?.state === 'done' && job.result ? read(job.result) : null;
  };
  const { state } = title;
  return {
    scan: state === 'registered' || state === 'inspecting' ? await resultOf('scan', readScanResult) : null,
    stitch: state === 'inspecting' ? await resultOf('stitch', readStitchResult) : null,
    plan: state === 'planning' ? await resultOf('plan', readPlanResult) : null,
  };
}

/** Changes the row, tries again when somebody was first, and leaves the rest to `advance`. Asked again when the row is changed already, it still announces it. */
async function change(
  ports: ControlPorts,
  titleId: string,
  changed: (title: Title) => TitleChange | null | Promise<TitleChange | null>,
): Promise<Title | null> {
  const { titles, queue } = ports;
  for (;;) {
    const title = await titles.get(titleId);
    if (title === null) return null;
    const wanted = await changed(title);
    if (wanted === null) {
      await relayEvents(ports);
      return title;
    }
    if (!(await titles.update(title.rev, wanted.next, wanted.events))) continue;
    if (wanted.next.revision !== title.revision) await queue.drop(title.id, title.revision);
    await relayEvents(ports);
    return advance(ports, titleId);
  }
}

async function dropIfUnwanted({ titles, queue }: ControlPorts, job: Pick<Job, 'titleId' | 'revision'>): Promise<boolean> {
  const title = await titles.get(job.titleId);
  if (title && isLive(title) && title.revision === job.revision) return false;
  await queue.drop(job.titleId, job.revision);
  return true;
}

async function relayEvents({ titles, events }: Pick<ControlPorts, 'titles' | 'events'>): Promise<void> {
  for (;;) {
    const pending = await titles.pendingEvents(EVENT_PAGE);
    if (pending.length === 0) return;
    await events.append(pending);
    await titles.settleEvents(pending.map((event) => event.id));
  }
}
