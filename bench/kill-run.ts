import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../src/model/report.ts';
import { folderHashes } from '../test/support/folder-hashes.ts';
import { seededRandom } from '../test/support/mangle-text.ts';
import { type BenchResult, childrenCpuSeconds, scenelineCommand, treeCpuSeconds } from './measure.ts';

type EncodeJob = { readonly source: string; readonly out: string; readonly state: string; readonly extra?: readonly string[] };

type Outcome = {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly kills: number;
  readonly report: Report;
  /** SHA-256 by file, without the report, whose cost differs from run to run. */
  readonly hashes: { readonly [file: string]: string };
  readonly lost: LostFrames;
  readonly chunksEncodedTwice: number;
};

type LostFrames = {
  /** All frames of the chunks that were in hand when a kill came. */
  readonly inHand: number;
  /** Of those, what had been encoded by then: by time, against the attempt that ended the same job. */
  readonly encoded: number;
};

type ListedAttempt = {
  readonly kind: string;
  readonly outcome: string;
  readonly jobId: string;
  readonly part: { readonly index: number };
  readonly startedMs: number;
  readonly endedMs: number | null;
};

export type KillScenario = {
  readonly name: string;
  readonly kills: number;
  readonly seed: number;
  /** Enough time between two kills that the title gets somewhere. */
  readonly leastMs: number;
  readonly workers: number;
  readonly makeSource: (folder: string) => Promise<string>;
  /** Further arguments of `encode`, made in the scenario's folder. */
  readonly moreArguments: (folder: string) => Promise<readonly string[]>;
};

/** A title killed at random moments against the same title left alone: frames encoded and lost per kill ÷ (workers × median chunk). */
export async function compareKilled(scenario: KillScenario): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-bench-'));
  try {
    const source = await scenario.makeSource(folder);
    const extra = ['--workers', String(scenario.workers), ...(await scenario.moreArguments(folder))];
    const jobFor = (name: string): EncodeJob => ({ source, out: join(folder, name), state: join(folder, `${name}-state`), extra });
    const calm = await encodeWithKills(jobFor('calm'), []);
    const random = seededRandom(scenario.seed);
    const delays = Array.from({ length: scenario.kills }, () => scenario.leastMs + random() * ((calm.wallSeconds * 1000) / scenario.kills));
    return killResult(scenario, calm, await encodeWithKills(jobFor('killed'), delays));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function killResult({ name, workers }: KillScenario, calm: Outcome, killed: Outcome): BenchResult {
  const perKill = (frames: number) => frames / Math.max(1, killed.kills);
  const bound = workers * medianChunkFrames(calm.report);
  return {
    name,
    figure: perKill(killed.lost.encoded) / bound,
    target: 1,
    detail: {
      kills: killed.kills,
      framesLostPerKill: perKill(killed.lost.encoded),
      framesInHandPerKill: perKill(killed.lost.inHand),
      inHandFigure: perKill(killed.lost.inHand) / bound,
      medianChunkFrames: medianChunkFrames(calm.report),
      chunks: calm.report.chunks.length,
      workers,
      frames: calm.report.source.frames,
      cpuRatio: killed.cpuSeconds / calm.cpuSeconds,
      chunksEncodedTwice: killed.chunksEncodedTwice,
      differingFiles: differingFiles(calm, killed),
      calmCpuSeconds: calm.cpuSeconds,
      killedCpuSeconds: killed.cpuSeconds,
      calmWallSeconds: calm.wallSeconds,
      killedWallSeconds: killed.wallSeconds,
    },
  };
}

/** Encodes, killing everything with SIGKILL after each of the given delays, and going on with the same command. */
async function encodeWithKills(job: EncodeJob, killAfterMs: readonly number[]): Promise<Outcome> {
  const startedMs = performance.now();
  let cpuOfKilled = 0;
  const killedAtMs: number[] = [];
  const cpuBefore = childrenCpuSeconds();
  for (const delayMs of killAfterMs) {
    const child = start(job);
    let atMs = 0;
    const timer = setTimeout(() => {
      atMs = Date.now();
      cpuOfKilled += treeCpuSeconds(child.pid!);
      child.kill('SIGKILL');
    }, delayMs);
    const end = await ended(child);
    clearTimeout(timer);
    if (end.signal !== 'SIGKILL') break;
    killedAtMs.push(atMs);
  }
  const killedOwnCpu = childrenCpuSeconds() - cpuBefore;
  const end = await ended(start(job));
  if (end.code !== 0) throw new Error(`encode ended with ${end.code ?? end.signal}: ${end.stderr.slice(-2000)}`);
  const lastCpu = childrenCpuSeconds() - cpuBefore - killedOwnCpu;
  const report = JSON.parse(await readFile(join(job.out, 'report.json'), 'utf8')) as Report;
  const attempts = await listAttempts(job, report.title);
  const done = attempts.filter((attempt) => attempt.kind === 'encode' && attempt.outcome === 'done');
  return {
    wallSeconds: (performance.now() - startedMs) / 1000,
    cpuSeconds: cpuOfKilled + lastCpu,
    kills: killedAtMs.length,
    report,
    hashes: await folderHashes(job.out),
    lost: lostFrames(report, attempts, killedAtMs),
    chunksEncodedTwice: done.length - new Set(done.map((attempt) => attempt.jobId)).size,
  };
}

function lostFrames(report: Report, attempts: readonly ListedAttempt[], killedAtMs: readonly number[]): LostFrames {
  const ofChunks = attempts.filter(({ kind }) => kind === 'encode');
  let [inHand, encoded] = [0, 0];
  for (const { jobId, part, startedMs } of ofChunks.filter(({ outcome }) => outcome === 'lost')) {
    const done = ofChunks.find((other) => other.jobId === jobId && other.outcome === 'done')!;
    const killMs = killedAtMs.find((ms) => ms >= startedMs)!;
    const frames = chunkFrames(report, part.index);
    inHand += frames;
    encoded += frames * Math.min(1, (killMs - startedMs) / (done.endedMs! - done.startedMs));
  }
  return { inHand, encoded };
}

export function chunkFrames(report: Report, index: number): number {
  return report.chunks[index].endFrameExclusive - report.chunks[index].startFrame;
}

export function medianChunkFrames(report: Report): number {
  const sizes = report.chunks.map((_, i) => chunkFrames(report, i)).sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length / 2)];
}

/** Empty when both runs left the same bytes. */
function differingFiles(a: Outcome, b: Outcome): string[] {
  const names = new Set([...Object.keys(a.hashes), ...Object.keys(b.hashes)]);
  return [...names].filter((name) => a.hashes[name] !== b.hashes[name]);
}

function start({ source, out, state, extra = [] }: EncodeJob): ChildProcess {
  const [program, ...args] = scenelineCommand('encode', source, '--out', out, '--state', state, '--json', ...extra);
  return spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }> {
  const parts: Buffer[] = [];
  child.stderr?.on('data', (bytes: Buffer) => parts.push(bytes));
  return new Promise((done) => child.once('close', (code, signal) => done({ code, signal, stderr: Buffer.concat(parts).toString('utf8') })));
}

async function listAttempts(job: EncodeJob, title: string): Promise<ListedAttempt[]> {
  const [program, ...args] = scenelineCommand('jobs', title, '--state', job.state, '--json');
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const parts: Buffer[] = [];
  for await (const bytes of child.stdout) parts.push(bytes as Buffer);
  return (JSON.parse(Buffer.concat(parts).toString('utf8')) as { attempts: ListedAttempt[] }).attempts;
}
