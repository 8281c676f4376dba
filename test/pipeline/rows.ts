import { openDatabase } from '../../src/adapters/embedded/database.ts';
import { SqliteEventLog } from '../../src/adapters/embedded/sqlite-event-log.ts';
import { SqliteJobQueue } from '../../src/adapters/embedded/sqlite-job-queue.ts';
import { SqliteTitleStore } from '../../src/adapters/embedded/sqlite-title-store.ts';
import { JOB_KINDS, type Job, type JobKind, type JobResult } from '../../src/model/job.ts';
import { type Control, type ControlPorts, createControl } from '../../src/pipeline/control.ts';
import type { JobContext, JobHandlers } from '../../src/pipeline/job-handlers.ts';
import { SimProcess, World } from '../simulation/world.ts';

export type Rows = Omit<ControlPorts, 'decide' | 'window'> & {
  readonly control: Control;
  readonly clock: SimProcess;
  /** Lets virtual time pass until the promise settles. */
  until<T>(promise: Promise<T>): Promise<T>;
};

/** The real stores in memory, on a virtual clock: nothing in these tests waits for real time. */
export async function withRows(work: (rows: Rows) => Promise<void>): Promise<void> {
  const world = new World(1, null);
  const clock = new SimProcess(world, 'test', () => {});
  const db = await openDatabase(':memory:', clock);
  const ports = {
    titles: new SqliteTitleStore(db),
    queue: new SqliteJobQueue(db, { clock, random: world.random, isWorkerDead: () => false }),
    events: new SqliteEventLog(db),
    clock,
  };
  try {
    await work({ ...ports, control: createControl({ ...ports, window: 4 }), until: (promise) => passTime(world, promise) });
  } finally {
    db.close();
  }
}

async function passTime<T>(world: World, promise: Promise<T>): Promise<T> {
  let isOver = false;
  const over = promise.finally(() => {
    isOver = true;
  });
  over.catch(() => {});
  await world.run(() => isOver);
  if (world.violation !== null) throw new Error(world.violation);
  return over;
}

export const RESULTS: { readonly [K in JobKind]?: JobResult } = {
  scan: { refused: false, rangeCount: 2, audioStreams: [1], findings: [] },
  stitch: { refused: false, frameCount: 100, findings: [] },
  plan: { chunkCount: 3, codecs: ['h264'], audioCount: 1, textCount: 0, renditionCount: 2 },
};

/** Handlers that all do the same. */
export function handlersThat(act: (job: Job, context: JobContext) => Promise<JobResult>): JobHandlers {
  return Object.fromEntries(JOB_KINDS.map((kind) => [kind, act])) as unknown as JobHandlers;
}

/** Some methods of a store changed, the rest as they are. */
export function changed<T extends object>(real: T, change: Partial<T>): T {
  return new Proxy(real, {
    get(target, name) {
      const value = Reflect.get(change, name) ?? Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
