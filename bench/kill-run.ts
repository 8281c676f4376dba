import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Report } from '../src/model/report.ts';
import { childrenCpuSeconds, scenelineCommand, treeCpuSeconds } from './measure.ts';

export type EncodeJob = { readonly source: string; readonly out: string; readonly state: string; readonly extra?: readonly string[] };

export type Outcome = {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly kills: number;
  readonly report: Report;
  /** SHA-256 by file, without the report, whose cost differs from run to run. */
  readonly hashes: { readonly [file: string]: string };
  /** Frames of the chunks that were in flight when a kill came: the most that can have been lost. */
  readonly framesLostAtMost: number;
  readonly chunksEncodedTwice: number;
};

type ListedAttempt = { readonly kind: string; readonly outcome: string; readonly jobId: string; readonly part: { readonly index: number } };

/** Encodes, killing everything with SIGKILL after each of the given delays, and going on with the same command. */
export async function encodeWithKills(job: EncodeJob, killAfterMs: readonly number[]): Promise<Outcome> {
  const startedMs = performance.now();
  let cpuOfKilled = 0;
  let kills = 0;
  const cpuBefore = childrenCpuSeconds();
  for (const delayMs of killAfterMs) {
    const child = start(job);
    const timer = setTimeout(() => {
      cpuOfKilled += treeCpuSeconds(child.pid!);
      child.kill('SIGKILL');
    }, delayMs);
    const end = await ended(child);
    clearTimeout(timer);
    if (end.signal !== 'SIGKILL') break;
    kills++;
  }
  const killedOwnCpu = childrenCpuSeconds() - cpuBefore;
  const end = await ended(start(job));
  if (end.code !== 0) throw new Error(`encode ended with ${end.code ?? end.signal}: ${end.stderr.slice(-2000)}`);
  const lastCpu = childrenCpuSeconds() - cpuBefore - killedOwnCpu;
  const report = JSON.parse(await readFile(join(job.out, 'report.json'), 'utf8')) as Report;
  const attempts = await listAttempts(job, report.title);
  const done = attempts.filter((attempt) => attempt.kind === 'encode' && attempt.outcome === 'done');
  const lost = attempts.filter((attempt) => attempt.kind === 'encode' && attempt.outcome === 'lost');
  return {
    wallSeconds: (performance.now() - startedMs) / 1000,
    cpuSeconds: cpuOfKilled + lastCpu,
    kills,
    report,
    hashes: await hashFolder(job.out),
    framesLostAtMost: lost.reduce((sum, attempt) => sum + chunkFrames(report, attempt.part.index), 0),
    chunksEncodedTwice: done.length - new Set(done.map((attempt) => attempt.jobId)).size,
  };
}

export function chunkFrames(report: Report, index: number): number {
  return report.chunks[index].endFrameExclusive - report.chunks[index].startFrame;
}

export function medianChunkFrames(report: Report): number {
  const sizes = report.chunks.map((_, i) => chunkFrames(report, i)).sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length / 2)];
}

/** Empty when both runs left the same bytes. */
export function differingFiles(a: Outcome, b: Outcome): string[] {
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

async function hashFolder(folder: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'report.json') continue;
    const path = join(entry.parentPath, entry.name);
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    hashes[path.slice(folder.length + 1)] = hash.digest('hex');
  }
  return hashes;
}
