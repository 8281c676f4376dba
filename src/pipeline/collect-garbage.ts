import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EncodedChunk } from '../model/encoded-chunk.ts';
import { titleKeys } from '../model/plan.ts';
import type { BlobFacts, BlobStore } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Files } from '../ports/files.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { ResultStore } from '../ports/result-store.ts';
import type { TitleStore } from '../ports/title-store.ts';
import { allTitles, isAtRest, type Marks, markTitle, noMarks, PAGE, paged } from './garbage-marks.ts';
import { LOCAL_OWNER } from './handlers/deps.ts';
import { isLive } from './title-changes.ts';

export type GarbageDeps = {
  readonly titles: TitleStore;
  readonly queue: JobQueue;
  readonly results: ResultStore;
  readonly blobs: BlobStore;
  readonly files: Files;
  readonly clock: Clock;
  /** Parent of the attempts' own folders. */
  readonly scratchRoot: string;
};

export type Swept = {
  /** Objects deleted, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** Objects left because something refers to them, or because they are too young to judge. */
  readonly kept: number;
};

/** Younger objects may belong to work that has not told anybody yet. */
const YOUNG_MS = 3_600_000;
const RESULTS_AT_ONCE = 50;
const ATTEMPT_FOLDER = /^[a-z0-9]{16}$/;

/**
 * Deletes what nothing refers to any more. May run beside encodes, in this and in other processes, and may be killed anywhere: what is left over is found by the
 * next run. What keeps that safe:
 *
 *   - the clock is read and the scratch folders are listed before the titles, the attempts before the proven results, the results before the objects. So an attempt
 *     that is not seen running has recorded all that it ever will, and whatever began later wrote only young objects;
 *   - a proven result goes before its objects: a look-up never finds a row whose objects this run is deleting;
 *   - an encode that looked a result up just before it went still holds its address. So none goes while an encode runs, and one that went is recorded again, its objects
 *     still untouched, when an encode runs or has finished with its address since. An encode that starts afterwards does not find the row.
 *
 * What remains is a kill between the last two: then a finished job may name an address without a row, and its title's assembly stops with SL-905.
 */
export async function collectGarbage(deps: GarbageDeps): Promise<Swept> {
  const youngSinceMs = deps.clock.nowMs() - YOUNG_MS;
  const folders = await attemptFolders(deps.scratchRoot);
  await takeBackLostLeases(deps.queue);
  const marks = noMarks();
  for await (const title of allTitles(deps.titles)) await markTitle(deps, title, marks);
  await sweepResults(deps, marks, youngSinceMs);
  for await (const row of proven(deps)) marks.objectKeys.add(row.objectKey).add(row.fingerprintKey);
  const swept = await sweepObjects(deps, marks, youngSinceMs);
  for (const folder of folders) if (!marks.runningAttempts.has(folder)) await deps.files.remove(join(deps.scratchRoot, folder));
  return swept;
}

async function attemptFolders(scratchRoot: string): Promise<string[]> {
  const names = await readdir(scratchRoot).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => ATTEMPT_FOLDER.test(name));
}

/** A claim takes back what dead workers held before it looks for work; this one asks for none. */
async function takeBackLostLeases(queue: JobQueue): Promise<void> {
  await queue.claim({ worker: 'gc', titleIds: [], leaseMs: 1 });
}

function proven({ results }: Pick<GarbageDeps, 'results'>): AsyncGenerator<EncodedChunk> {
  return paged((cursor) => results.list(LOCAL_OWNER, cursor, PAGE).then((page) => ({ items: page.results, cursor: page.cursor })));
}

/** Revokes the proven results that no title uses, a few at a time. */
async function sweepResults(deps: GarbageDeps, marks: Marks, youngSinceMs: number): Promise<void> {
  let unused: EncodedChunk[] = [];
  for await (const row of proven(deps)) {
    if (marks.addresses.has(row.address) || marks.currentAttempts.has(row.attemptId)) continue;
    const facts = await deps.blobs.stat(row.objectKey);
    if (facts !== null && facts.writtenMs > youngSinceMs) continue;
    unused.push(row);
    if (unused.length < RESULTS_AT_ONCE) continue;
    await revokeUnused(deps, unused, marks);
    unused = [];
  }
  await revokeUnused(deps, unused, marks);
}

async function revokeUnused(deps: GarbageDeps, rows: readonly EncodedChunk[], marks: Marks): Promise<void> {
  const revoked: EncodedChunk[] = [];
  for (const row of rows) {
    if (await isEncodeRunning(deps)) break;
    await deps.results.revoke(LOCAL_OWNER, row.address, row.objectKey);
    revoked.push(row);
  }
  if (revoked.length === 0) return;
  const isUnsafe = await isEncodeRunning(deps);
  if (!isUnsafe) await markChanges(deps, marks);
  for (const row of revoked) if (isUnsafe || marks.addresses.has(row.address)) await deps.results.record(LOCAL_OWNER, row);
}

async function isEncodeRunning({ titles, queue }: Pick<GarbageDeps, 'titles' | 'queue'>): Promise<boolean> {
  for await (const title of liveTitles(titles)) {
    if ((await queue.counts(title.id, title.revision)).encode?.running) return true;
  }
  return false;
}

function liveTitles(titles: TitleStore) {
  return paged((cursor) => titles.listLive(cursor, PAGE).then((page) => ({ items: page.titles, cursor: page.cursor })));
}

/** Marks again the titles that may have finished jobs since they were marked. */
async function markChanges(deps: GarbageDeps, marks: Marks): Promise<void> {
  for await (const title of allTitles(deps.titles)) {
    if (isLive(title) || marks.titles.get(title.id)?.rev !== title.rev) await markTitle(deps, title, marks);
  }
}

/** Where titles find what others left. */
const SHARED = ['inspect/', 'sidecars/'];

async function sweepObjects(deps: GarbageDeps, marks: Marks, youngSinceMs: number): Promise<Swept> {
  const swept = { objects: 0, bytes: 0, kept: 0 };
  const { blobs } = deps;
  for (const prefix of ['attempts/', 'evidence/', 'titles/', 'inspect/', 'sidecars/']) {
    for await (const key of objectKeys(blobs, prefix)) {
      const facts = isReferred(key, marks) ? null : await blobs.stat(key);
      if (facts === null || facts.writtenMs > youngSinceMs || (SHARED.includes(prefix) && (await isAskedForAnew(deps, marks)))) {
        swept.kept++;
        continue;
      }
      await deleteObject(blobs, key, facts, swept);
    }
  }
  return swept;
}

async function deleteObject(blobs: BlobStore, key: string, facts: BlobFacts, swept: { objects: number; bytes: number }): Promise<void> {
  await blobs.delete(key);
  swept.objects++;
  swept.bytes += facts.sizeBytes;
}

function objectKeys(blobs: BlobStore, prefix: string): AsyncGenerator<string> {
  return paged((cursor) => blobs.list(prefix, cursor, PAGE).then((page) => ({ items: page.keys, cursor: page.cursor })));
}

/** Whether a title refers to an object, by its key:
 *
 *   attempts/<attempt>/…        proven, left for a later step of a title that is not at rest, or still being written
 *   evidence/<attempt>/…        the attempt belongs to a title
 *   titles/<title>/<revision>/… of the current revision; of a title at rest the plan only, because the published folder has its files
 *   inspect/<inspection>/…      in a current plan
 *   sidecars/<hash>             in an order
 */
function isReferred(key: string, marks: Marks): boolean {
  const [kind, id, revision] = key.split('/');
  if (marks.objectKeys.has(key)) return true;
  if (kind === 'attempts') return marks.runningAttempts.has(id);
  if (kind === 'evidence') return marks.allAttempts.has(id);
  if (kind === 'sidecars') return false;
  if (kind === 'inspect') return marks.allInspections || marks.inspections.has(id);
  const title = marks.titles.get(id);
  if (title === undefined || title.revision !== revision) return false;
  return !isAtRest(title) || key === titleKeys.plan(title.id, title.revision);
}

/** A title that began since the titles were marked may be about to use an inspection or a sidecar that nobody referred to. */
async function isAskedForAnew({ titles }: Pick<GarbageDeps, 'titles'>, marks: Marks): Promise<boolean> {
  for await (const title of liveTitles(titles)) {
    if (marks.titles.get(title.id)?.revision !== title.revision) return true;
  }
  return false;
}
