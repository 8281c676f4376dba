import { ScenelineError } from '../model/errors.ts';
import { JOB_KINDS, type JobKind } from '../model/job.ts';
import { type Plan, titleKeys } from '../model/plan.ts';
import { sidecarKey } from '../model/sidecar.ts';
import type { Title } from '../model/title.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { TitleStore } from '../ports/title-store.ts';

export const PAGE = 200;
const RECORD_KEY = /^titles\/[^/]+\/[^/]+\/[^/]+\.json$/;

export type MarkDeps = { readonly titles: TitleStore; readonly queue: JobQueue; readonly blobs: BlobStore };

/** What the titles refer to, as seen while walking over them. Only ever grows. */
export type Marks = {
  /** The titles as they were read. */
  readonly titles: Map<string, Title>;
  /** Addresses in the results of done encode jobs of current revisions. */
  readonly addresses: Set<string>;
  /** Keys of sidecars, and keys and other texts in the results of done jobs of current revisions that are not published yet. */
  readonly objectKeys: Set<string>;
  readonly runningAttempts: Set<string>;
  /** Attempts of current revisions. */
  readonly currentAttempts: Set<string>;
  readonly allAttempts: Set<string>;
  readonly inspections: Set<string>;
  /** Some title has no plan yet: any inspection may be the one that it is about to use. */
  allInspections: boolean;
};

export function noMarks(): Marks {
  return {
    titles: new Map(),
    addresses: new Set(),
    objectKeys: new Set(),
    runningAttempts: new Set(),
    currentAttempts: new Set(),
    allAttempts: new Set(),
    inspections: new Set(),
    allInspections: false,
  };
}

/** Everything by pages, one item after the other. */
export async function* paged<T>(page: (cursor: string | null) => Promise<{ readonly items: readonly T[]; readonly cursor: string | null }>): AsyncGenerator<T> {
  let cursor: string | null = null;
  do {
    const { items, cursor: next }: { readonly items: readonly T[]; readonly cursor: string | null } = await page(cursor);
    yield* items;
    cursor = next;
  } while (cursor !== null);
}

/** Every title that existed when the walk began. */
export async function* allTitles(titles: TitleStore): AsyncGenerator<Title> {
  const days = paged((cursor) => titles.listDays(cursor, PAGE).then((page) => ({ items: page.days, cursor: page.cursor })));
  for await (const day of days) {
    yield* paged((cursor) => titles.listByDay(day, null, cursor, PAGE).then((page) => ({ items: page.titles, cursor: page.cursor })));
  }
}

/** True while the title will never again ask for what earlier steps left: it is published into a folder, or its source is refused. */
export function isAtRest(title: Title): boolean {
  return (title.state === 'published' && title.order.outDir !== null) || title.state === 'refused';
}

/**
 * Adds what one title refers to. The attempts are read first: an attempt that is no longer running when they are read has recorded all it ever will,
 * so whatever is read afterwards shows it.
 */
export async function markTitle(deps: MarkDeps, title: Title, marks: Marks): Promise<void> {
  const { queue } = deps;
  marks.titles.set(title.id, title);
  for (const { sha256 } of title.order.sidecars ?? []) marks.objectKeys.add(sidecarKey(sha256));
  const attempts = paged((cursor) => queue.listAttempts(title.id, cursor, PAGE).then((page) => ({ items: page.attempts, cursor: page.cursor })));
  for await (const attempt of attempts) {
    marks.allAttempts.add(attempt.attemptId);
    if (attempt.outcome === 'running') marks.runningAttempts.add(attempt.attemptId);
    if (attempt.revision === title.revision) marks.currentAttempts.add(attempt.attemptId);
  }
  for await (const text of resultTexts(queue, title, 'encode')) marks.addresses.add(text);
  if (!isAtRest(title)) await markObjects(deps, title, marks);
  const inspectionId = await plannedInspection(deps.blobs, title);
  if (inspectionId !== null) marks.inspections.add(inspectionId);
  else if (!isAtRest(title)) marks.allInspections = true;
}

/** Objects that steps left for later ones; where a result is itself a stored record, those that the record names. */
async function markObjects(deps: MarkDeps, title: Title, marks: Marks): Promise<void> {
  for (const kind of JOB_KINDS) {
    if (kind === 'encode') continue;
    for await (const text of resultTexts(deps.queue, title, kind)) {
      marks.objectKeys.add(text);
      if (!RECORD_KEY.test(text) || (await deps.blobs.stat(text)) === null) continue;
      for (const named of textsIn(JSON.parse(Buffer.from(await deps.blobs.read(text)).toString('utf8')))) marks.objectKeys.add(named);
    }
  }
}

/** Every text in the results of a title's done jobs of one kind. */
async function* resultTexts(queue: JobQueue, title: Title, kind: JobKind): AsyncGenerator<string> {
  const jobs = paged((cursor) => queue.listDone(title.id, title.revision, kind, cursor, PAGE).then((page) => ({ items: page.jobs, cursor: page.cursor })));
  for await (const job of jobs) yield* textsIn(kind === 'encode' ? job.result?.addresses : job.result);
}

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) yield* textsIn(item);
}

async function plannedInspection(blobs: BlobStore, title: Title): Promise<string | null> {
  const key = titleKeys.plan(title.id, title.revision);
  if ((await blobs.stat(key)) === null) return null;
  const plan = JSON.parse(Buffer.from(await blobs.read(key)).toString('utf8')) as Partial<Plan>;
  if (typeof plan.inspectionId !== 'string') throw new ScenelineError('SL-905', `The stored object ${key} is not a plan.`);
  return plan.inspectionId;
}
