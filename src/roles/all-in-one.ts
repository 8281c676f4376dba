import { availableParallelism, freemem } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../adapters/embedded/database.ts';
import { FileBlobStore } from '../adapters/embedded/file-blob-store.ts';
import { explainFolderError } from '../adapters/embedded/file-errors.ts';
import { LocalSources } from '../adapters/embedded/local-sources.ts';
import { isLocalWorkerDead, localWorkerName } from '../adapters/embedded/local-workers.ts';
import { NodeFiles } from '../adapters/embedded/node-files.ts';
import { SqliteEventLog } from '../adapters/embedded/sqlite-event-log.ts';
import { SqliteJobQueue } from '../adapters/embedded/sqlite-job-queue.ts';
import { SqliteResultStore } from '../adapters/embedded/sqlite-result-store.ts';
import { SqliteTitleStore } from '../adapters/embedded/sqlite-title-store.ts';
import { SystemClock } from '../adapters/embedded/system-clock.ts';
import { SystemRandom } from '../adapters/embedded/system-random.ts';
import { type Control, createControl } from '../pipeline/control.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { Files } from '../ports/files.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { ResultStore } from '../ports/result-store.ts';
import type { SourceAccess } from '../ports/source-access.ts';
import type { TitleStore } from '../ports/title-store.ts';
import { sightSource } from '../stages/ingest/seal.ts';

/** Unfinished encode jobs kept in the queue per title; far more than one machine runs at once. */
const ENCODE_WINDOW = 64;

/** Everything that one machine needs, over one folder. */
export type Laptop = {
  readonly stateDir: string;
  readonly scratchRoot: string;
  readonly titles: TitleStore;
  readonly queue: JobQueue;
  readonly results: ResultStore;
  readonly events: EventLog;
  readonly blobs: BlobStore;
  readonly sources: SourceAccess;
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly control: Control;
  close(): void;
};

type StorePorts = Pick<Laptop, 'titles' | 'queue' | 'results' | 'events' | 'blobs'>;

/** What a test puts between the adapters and everything else. */
export type LaptopParts = { readonly files: Files; readonly wrap: (ports: StorePorts) => StorePorts };

const REAL_PARTS: LaptopParts = { files: new NodeFiles(), wrap: (ports) => ports };

/** Opens (or makes) the state folder. Throws SL-106 when that cannot be. */
export async function openLaptop(stateDir: string, { files, wrap }: LaptopParts = REAL_PARTS): Promise<Laptop> {
  const scratchRoot = join(stateDir, 'scratch');
  const clock = new SystemClock();
  const random = new SystemRandom();
  const blobs = await FileBlobStore.open({
    root: join(stateDir, 'objects'),
    files,
    clock,
    random,
    owner: localWorkerName(0),
    isOwnerDead: isLocalWorkerDead,
  });
  await files.mkdir(scratchRoot).catch((error) => {
    throw explainFolderError(error, scratchRoot);
  });
  const database = await openDatabase(join(stateDir, 'state.db'), clock);
  const ports = wrap({
    titles: new SqliteTitleStore(database),
    queue: new SqliteJobQueue(database, { clock, random, isWorkerDead: isLocalWorkerDead }),
    events: new SqliteEventLog(database),
    results: new SqliteResultStore(database),
    blobs,
  });
  return {
    stateDir,
    scratchRoot,
    ...ports,
    sources: new LocalSources(sightSource),
    files,
    clock,
    random,
    control: createControl({ ...ports, clock, window: ENCODE_WINDOW }),
    close: () => database.close(),
  };
}

/** Memory that one encode of a chunk may take: measured 0.34 GB at 720p and 1.7 GB at 2160p with the rungs below them. */
const BYTES_PER_WORKER_PIXEL = 220;
const BYTES_PER_WORKER = 250e6;
const MEMORY_SHARE = 0.7;

/** Memory that one job on pictures of a source's size may take. */
export function bytesPerJob(sourcePixels: number): number {
  return BYTES_PER_WORKER + sourcePixels * BYTES_PER_WORKER_PIXEL;
}

/** Chunks to encode at once: one per core, fewer when memory is short. */
export function defaultWorkers(sourcePixels: number): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor((freemem() * MEMORY_SHARE) / bytesPerJob(sourcePixels))));
}
