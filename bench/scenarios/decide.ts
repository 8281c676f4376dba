import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from '../../src/adapters/embedded/database.ts';
import { SqliteEventLog } from '../../src/adapters/embedded/sqlite-event-log.ts';
import { SqliteJobQueue } from '../../src/adapters/embedded/sqlite-job-queue.ts';
import { SqliteTitleStore } from '../../src/adapters/embedded/sqlite-title-store.ts';
import { SystemClock } from '../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../src/adapters/embedded/system-random.ts';
import type { Title, TitleOrder } from '../../src/model/title.ts';
import { type Control, createControl } from '../../src/pipeline/control.ts';
import { encodeJobs, numberedJobs } from '../../src/pipeline/job-ids.ts';
import { newTitle } from '../../src/pipeline/title-changes.ts';
import type { BenchResult } from '../measure.ts';

const FEW = 10;
const MANY = 160_000;
const WINDOW = 64;
const ROUNDS = 4000;
const WARM_UP = 500;
const BATCH = 10_000;

type Bench = { readonly control: Control; readonly database: Database; readonly microseconds: number[] };

/** One decision, with its reads of the stores on a disk, for a title with ten and with 160,000 encoded chunks and a full window behind them. */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-bench-'));
  const few = await openTitle(join(folder, 'few.db'), FEW);
  const many = await openTitle(join(folder, 'many.db'), MANY);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      // In turn, and each first every other time: a busy moment of the machine touches both.
      for (const bench of round % 2 === 0 ? [few, many] : [many, few]) await decideOnce(bench, round >= WARM_UP);
    }
  } finally {
    few.database.close();
    many.database.close();
    await rm(folder, { recursive: true });
  }
  const [ofFew, ofMany] = [median(few.microseconds), median(many.microseconds)];
  return {
    name: 'decide',
    figure: ofMany / ofFew,
    target: 1.5,
    detail: { decisions: ROUNDS - WARM_UP, chunks: [FEW, MANY], medianMicroseconds: [ofFew, ofMany] },
  };
}

async function decideOnce({ control, microseconds }: Bench, isCounted: boolean): Promise<void> {
  const startedMs = performance.now();
  const title = await control.advance('film');
  if (isCounted) microseconds.push((performance.now() - startedMs) * 1000);
  if (title?.state !== 'encoding') throw new Error(`the title is ${title?.state}`);
}

/** A title in the middle of encoding: this many encoded chunks recorded and done, the next window waiting. */
async function openTitle(path: string, encodedChunks: number): Promise<Bench> {
  const clock = new SystemClock();
  const database = await openDatabase(path, clock);
  const titles = new SqliteTitleStore(database);
  const queue = new SqliteJobQueue(database, { clock, random: new SystemRandom(), isWorkerDead: () => false });
  const title = encodingTitle(encodedChunks);
  await titles.create(title, []);
  await queue.enqueue(numberedJobs(title, 'audio', [0]));
  for (let start = 0; start < encodedChunks; start += BATCH) {
    await queue.enqueue(encodeJobs(title, start, Math.min(encodedChunks, start + BATCH), ['h264']));
  }
  await database.write(() => markDone(database));
  await queue.enqueue(encodeJobs(title, encodedChunks, encodedChunks + WINDOW, ['h264']));
  const control = createControl({ titles, queue, events: new SqliteEventLog(database), clock, window: WINDOW });
  return { control, database, microseconds: [] };
}

/** What the jobs' completions would have left, at once. */
function markDone(database: Database): void {
  const ofChunks = "FROM job WHERE kind = 'encode' AND state = 'ready'";
  database.sql(`INSERT INTO result (owner, address, object_key, body) SELECT 'local', id, id, '{}' ${ofChunks}`).run();
  database
    .sql(`INSERT INTO attempt (job_seq, number, attempt_id, title_id, worker, started_ms, outcome) SELECT seq, 1, id, title_id, 'w', 1, 'done' ${ofChunks}`)
    .run();
  database.sql("UPDATE job SET state = 'done', fence = 1, result = '{}' WHERE kind = 'encode' AND state = 'ready'").run();
}

function encodingTitle(encodedChunks: number): Title {
  const order: TitleOrder = {
    seal: { path: '/films/a.mov', sha256: 'ab'.repeat(32), sizeBytes: 1, modifiedNs: '1', inode: '1' },
    ladder: { rungs: [], audioKbpsPerChannel: 64 },
    encoderBuild: 'build',
    outDir: '/out',
  };
  const { next } = newTitle({ id: 'film', order, nowMs: 1 });
  const admittedChunks = encodedChunks + WINDOW;
  const progress = { rangeCount: 1, chunkCount: 2 * MANY, codecs: ['h264'], audioCount: 1, textCount: 0, renditionCount: 1, admittedChunks };
  return { ...next, state: 'encoding', progress };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
