import { join } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';
import type { Inspection } from '../../model/inspection.ts';
import { inspectionKeys } from '../../model/inspection.ts';
import type { Job } from '../../model/job.ts';
import type { MediaInput } from '../../model/media-input.ts';
import { type Plan, titleKeys } from '../../model/plan.ts';
import type { SourceSeal } from '../../model/source.ts';
import type { Title } from '../../model/title.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Files } from '../../ports/files.ts';
import type { JobQueue } from '../../ports/job-queue.ts';
import type { MediaTools } from '../../ports/media-tools.ts';
import type { ResultStore } from '../../ports/result-store.ts';
import type { SourceAccess } from '../../ports/source-access.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import type { TitleStore } from '../../ports/title-store.ts';
import { reclaimMemory } from '../reclaim-memory.ts';
import type { JobContext } from '../worker.ts';

/** Everything the handlers need from the world. */
export type HandlerDeps = {
  readonly tools: MediaTools;
  readonly blobs: BlobStore;
  readonly sources: SourceAccess;
  readonly titles: TitleStore;
  readonly queue: JobQueue;
  readonly results: ResultStore;
  readonly files: Files;
  readonly clock: Clock;
  /** Parent of the attempts' own folders. */
  readonly scratchRoot: string;
};

/** Results are shared within one owner only; on one machine there is one. */
export const LOCAL_OWNER = 'local';

/** Gives a stage its context, with a folder of its own that is gone afterwards. */
export async function withStage<T>(deps: HandlerDeps, job: JobContext, work: (ctx: StageContext) => Promise<T>): Promise<T> {
  const scratchDir = join(deps.scratchRoot, job.attemptId);
  await deps.files.mkdir(scratchDir);
  try {
    const { tools, blobs, clock, files } = deps;
    return await work({ tools, blobs, clock, files, scratchDir, reclaimMemory, ...job });
  } finally {
    await deps.files.remove(scratchDir);
  }
}

/** The title of a job, if the job still belongs to what the title was asked to become. */
export async function titleOf(deps: HandlerDeps, job: Job): Promise<Title> {
  const title = await deps.titles.get(job.titleId);
  if (title === null || title.revision !== job.revision) throw new ScenelineError('SL-901', `Job ${job.id} has no title of its revision.`);
  return title;
}

/**
 * Opens a sealed source for work that is stopped when the source is lost, and holds it to its seal before and after. Throws SL-111 when it is no longer what
 * was sealed, and what it was lost by.
 */
export async function withSource<T>(
  deps: Pick<HandlerDeps, 'sources'>,
  seal: SourceSeal,
  job: JobContext,
  work: (input: MediaInput, job: JobContext) => Promise<T>,
): Promise<T> {
  const source = await deps.sources.open(seal);
  try {
    const result = await work(source.input, { ...job, signal: AbortSignal.any([job.signal, source.lost]) });
    source.lost.throwIfAborted();
    await source.check();
    return result;
  } catch (error) {
    throw source.lost.aborted && !job.signal.aborted ? source.lost.reason : error;
  } finally {
    await source.release();
  }
}

export async function readJson<T>(deps: Pick<HandlerDeps, 'blobs'>, key: string): Promise<T> {
  return JSON.parse(Buffer.from(await deps.blobs.read(key)).toString('utf8')) as T;
}

/** Stores a small JSON document create-only. */
export async function putJson(deps: HandlerDeps, key: string, value: unknown): Promise<void> {
  await deps.blobs.put(key, Buffer.from(JSON.stringify(value)));
}

export type TitleFiles = { readonly plan: Plan; readonly inspection: Inspection };

const CACHED_TITLES = 8;

/** Reads plan and inspection of a title once per process; they never change once written. */
export function titleFilesReader(deps: HandlerDeps): (title: Title) => Promise<TitleFiles> {
  const cache = new Map<string, Promise<TitleFiles>>();
  const read = async (title: Title): Promise<TitleFiles> => {
    const plan = await readJson<Plan>(deps, titleKeys.plan(title.id, title.revision));
    return { plan, inspection: await readJson<Inspection>(deps, inspectionKeys.summary(plan.inspectionId)) };
  };
  return (title) => {
    const key = `${title.id}/${title.revision}`;
    const known = cache.get(key);
    if (known) return known;
    if (cache.size >= CACHED_TITLES) cache.clear();
    const fresh = read(title);
    cache.set(key, fresh);
    fresh.catch(() => cache.delete(key));
    return fresh;
  };
}
