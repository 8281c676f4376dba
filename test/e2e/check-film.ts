import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IndependentVerdict, independentCheck, type Oddity } from './independent-check.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/sceneline.ts');

/** What one film went through. Empty `faults`: encoded, verified, and the independent check agrees. */
export type FilmOutcome = {
  readonly film: string;
  readonly frames: number;
  readonly files: number;
  readonly seconds: { readonly encode: number; readonly verify: number; readonly check: number };
  /** Over all renditions, dB. */
  readonly psnrMin: number;
  readonly faults: readonly string[];
};

type ProgramEnd = { readonly status: number | null; readonly stdout: string; readonly stderr: string; readonly seconds: number };

/** Runs the program as a person would; ends with whatever status it has, null when it was killed because it took longer than the limit. */
export function runSceneline(args: readonly string[], timeout?: number): Promise<ProgramEnd> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
    child.on('error', reject);
    child.on('close', (status) => {
      const [stdout, stderr] = [out, err].map((parts) => Buffer.concat(parts).toString('utf8'));
      resolve({ status, stdout, stderr, seconds: (performance.now() - startedMs) / 1000 });
    });
  });
}

/** Encodes a film into a folder of its own, lets the program verify it, and then lets plain ffmpeg judge. Leaves nothing behind. */
export async function checkFilm(film: string, source: string): Promise<FilmOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-checked-'));
  const dir = join(folder, 'out');
  try {
    const encoded = await runSceneline(['encode', source, '--out', dir, '--state', join(folder, 'state'), '--json']);
    if (encoded.status !== 0) return failed(film, `encode ended with ${encoded.status}: ${encoded.stderr.trim().slice(-600)}`, encoded.seconds);
    const { check, faults, seconds } = await proveTitle(source, dir, encoded.stdout);
    const psnrMin = Math.min(...check.renditions.map((rendition) => rendition.psnrMin));
    return { film, frames: check.sourceFrames, files: check.renditions.length, seconds: { encode: encoded.seconds, ...seconds }, psnrMin, faults };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the program's own proof and plain ffmpeg say about a finished title. */
export async function proveTitle(source: string, dir: string, reportJson: string, oddity?: Oddity) {
  const verified = await runSceneline(['verify', dir, '--against', source, '--json']);
  const startedMs = performance.now();
  const check = await independentCheck(source, dir, oddity);
  const seconds = { verify: verified.seconds, check: (performance.now() - startedMs) / 1000 };
  return { check, seconds, faults: [...verifyFaults(verified), ...countFaults(reportJson, check)] };
}

function failed(film: string, fault: string, encode: number): FilmOutcome {
  return { film, frames: 0, files: 0, seconds: { encode, verify: 0, check: 0 }, psnrMin: 0, faults: [fault] };
}

function verifyFaults({ status, stdout, stderr }: ProgramEnd): string[] {
  if (status !== 0 && stdout === '') return [`verify ended with ${status}: ${stderr.trim().slice(-600)}`];
  const { faults } = JSON.parse(stdout) as { faults: readonly { file: string; message: string }[] };
  return [...(status === 0 ? [] : [`verify ended with ${status}`]), ...faults.map(({ file, message }) => `verify: ${file}: ${message}`)];
}

/** What plain ffmpeg found, and whether the report has the same numbers. */
function countFaults(reportJson: string, check: IndependentVerdict): string[] {
  const report = JSON.parse(reportJson) as { renditions: readonly { file: string; frames: number }[] };
  const differs = report.renditions.filter(({ file, frames }) => check.renditions.find((rendition) => rendition.file === file)?.frames !== frames);
  return [...check.faults.map((fault) => `check: ${fault}`), ...differs.map(({ file, frames }) => `check: the report says ${frames} frames in ${file}`)];
}
