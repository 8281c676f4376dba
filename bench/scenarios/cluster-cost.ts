import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../../src/model/report.ts';
import { ClusterPlace } from '../../test/cluster/cluster-place.ts';
import type { CliRun } from '../../test/support/cli.ts';
import { seededRandom } from '../../test/support/mangle-text.ts';
import { attemptsOf, type ListedAttempt, reportOf, succeed, untilThere } from '../cluster/running-cluster.ts';
import { chunkFrames, medianChunkFrames } from '../kill-run.ts';
import type { BenchResult } from '../measure.ts';
import { tenMinutes } from '../sources.ts';

const WORKERS = 3;
const KILLS = 8;
const SEED = 11;
/** Between two kills: a worker is at work again within two seconds. */
const [LEAST_MS, MOST_MS] = [3000, 9000];
/** One of several workers killed with SIGKILL at moments chosen by chance, and another started in its place: what is encoded in vain. */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-bench-'));
  const [place, film] = await Promise.all([ClusterPlace.start(), tenMinutes(folder)]);
  try {
    const control = untilThere(place.start(['control']), 'control');
    const workers = await Promise.all(Array.from({ length: WORKERS }, () => newWorker(place)));
    await control;
    const ended = new AbortController();
    const submitted = succeed(place, ['submit', film, '--title', 'film', '--wait', '--json']).finally(() => ended.abort());
    const kills = await killAtRandom(place, workers, ended.signal);
    await submitted;
    return costResult(kills, await reportOf(place, 'film'), await attemptsOf(place, 'film'));
  } finally {
    await place.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function newWorker(place: ClusterPlace): Promise<CliRun> {
  const worker = place.start(['worker', '--slots', '1']);
  await untilThere(worker, 'worker');
  return worker;
}

/** How many were killed before the title had ended. */
async function killAtRandom(place: ClusterPlace, workers: CliRun[], ended: AbortSignal): Promise<number> {
  const random = seededRandom(SEED);
  for (let kills = 0; kills < KILLS; kills++) {
    await sleep(LEAST_MS + random() * (MOST_MS - LEAST_MS), undefined, { signal: ended }).catch(() => {});
    if (ended.aborted) return kills;
    const victim = Math.floor(random() * workers.length);
    workers[victim].child.kill('SIGKILL');
    await workers[victim].end;
    workers[victim] = await newWorker(place);
  }
  return KILLS;
}

function costResult(kills: number, report: Report, attempts: readonly ListedAttempt[]): BenchResult {
  const encodes = attempts.filter(({ kind }) => kind === 'encode');
  const lost = encodes.filter(({ outcome }) => outcome === 'lost');
  const done = encodes.filter(({ outcome }) => outcome === 'done');
  const framesLostPerKill = lost.reduce((sum, { part }) => sum + chunkFrames(report, part.index), 0) / Math.max(1, kills);
  const provenTwice = done.length - new Set(done.map(({ jobId }) => jobId)).size;
  const median = medianChunkFrames(report);
  if (provenTwice > 0) throw new Error(`${provenTwice} chunks were proven twice`);
  return {
    name: 'cluster-cost',
    // One worker of one slot is killed at a time: what a kill may cost is its chunk, whatever the others do.
    figure: framesLostPerKill / median,
    target: 1,
    detail: {
      kills,
      framesLostPerKillAtMost: framesLostPerKill,
      perAllWorkers: framesLostPerKill / (WORKERS * median),
      lostAttempts: lost.length,
      lostAttemptsOfOtherKinds: attempts.filter(({ kind, outcome }) => kind !== 'encode' && outcome === 'lost').length,
      provenTwice,
      chunks: report.chunks.length,
      medianChunkFrames: median,
      frames: report.source.frames,
      workers: WORKERS,
    },
  };
}
