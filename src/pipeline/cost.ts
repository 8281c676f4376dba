import { type Attempt, JOB_KINDS, type JobKind } from '../model/job.ts';
import { STAGE_NAMES, type StageName } from '../model/stage.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { TITLE_FLOW } from './title-flow.ts';

/** What a title cost, summed from its rows: it survives every crash because nothing of it is kept in memory. */
export type CostLedger = {
  /** Time in which at least one attempt was at work. Lost attempts are left out: nobody saw when they ended. */
  readonly wallSeconds: number;
  /** Of all attempts that ended; a try without success counts to the stage that its kind of job stands in. */
  readonly cpuSeconds: { readonly [S in StageName]: number };
  readonly framesEncoded: number;
  readonly framesReused: number;
  readonly attempts: number;
  readonly losses: number;
};

const PAGE = 500;

/** Reads every job and attempt of a title's revision, by pages: for reports, not for decisions. */
export async function costOf(queue: JobQueue, titleId: string, revision: string): Promise<CostLedger> {
  const cpuSeconds = Object.fromEntries(STAGE_NAMES.map((stage) => [stage, 0])) as Record<StageName, number>;
  let framesEncoded = 0;
  let framesReused = 0;
  for (const kind of JOB_KINDS) {
    for await (const { result } of pages((cursor) => queue.listDone(titleId, revision, kind, cursor, PAGE).then(({ jobs, cursor: next }) => [jobs, next]))) {
      framesEncoded += numberIn(result, 'framesEncoded');
      framesReused += numberIn(result, 'framesReused');
      for (const stage of STAGE_NAMES) cpuSeconds[stage] += numberIn(result?.cost, stage);
    }
  }
  const attempts: (Attempt & { kind: JobKind })[] = [];
  for await (const attempt of pages((cursor) => queue.listAttempts(titleId, cursor, PAGE).then((page) => [page.attempts, page.cursor]))) {
    if (attempt.revision !== revision) continue;
    attempts.push(attempt);
    if (attempt.outcome !== 'done') cpuSeconds[stageOf(attempt.kind)] += attempt.cpuSeconds;
  }
  return {
    wallSeconds: busySeconds(attempts),
    cpuSeconds,
    framesEncoded,
    framesReused,
    attempts: attempts.length,
    losses: attempts.filter((attempt) => attempt.outcome === 'lost').length,
  };
}

/** Length of the union of the attempts' times. */
function busySeconds(attempts: readonly Attempt[]): number {
  const spans = attempts.filter((attempt) => attempt.endedMs !== null && attempt.outcome !== 'lost').sort((a, b) => a.startedMs - b.startedMs);
  let busyMs = 0;
  let coveredMs = Number.NEGATIVE_INFINITY;
  for (const { startedMs, endedMs } of spans) {
    busyMs += Math.max(0, endedMs! - Math.max(startedMs, coveredMs));
    coveredMs = Math.max(coveredMs, endedMs!);
  }
  return busyMs / 1000;
}

function stageOf(kind: JobKind): StageName {
  return TITLE_FLOW.find(({ jobKinds }) => (jobKinds as readonly JobKind[]).includes(kind))!.step;
}

function numberIn(holder: unknown, name: string): number {
  const value = typeof holder === 'object' && holder !== null ? (holder as { [key: string]: unknown })[name] : undefined;
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

async function* pages<T>(read: (cursor: string | null) => Promise<[readonly T[], string | null]>): AsyncGenerator<T> {
  let cursor: string | null = null;
  do {
    const [items, next] = await read(cursor);
    yield* items;
    cursor = next;
  } while (cursor !== null);
}
