import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openLaptop } from '../../src/roles/all-in-one.ts';
import type { CrashOrder } from './child.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

/** A working place for one title: source, state and output side by side. */
export type Place = { readonly root: string; readonly order: Omit<CrashOrder, 'crashAt'> };

export type Ladder = CrashOrder['ladder'];

/** Two rungs so small that a whole title takes seconds. */
export const TINY_LADDER: Ladder = {
  audioKbpsPerChannel: 64,
  rungs: [480, 240].map((boxPx) => ({
    name: `${boxPx}p`,
    container: 'mp4' as const,
    codec: 'h264' as const,
    boxPx,
    crf: 28,
    maxrateKbps: 2000,
    bufsizeKbit: 4000,
    preset: 'ultrafast',
    threads: 1,
  })),
};

export async function makePlace(sourcePath: string, changes: Partial<CrashOrder> = {}): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'sceneline-crash-'));
  const order = {
    stateDir: join(root, 'state'),
    sourcePath,
    outDir: join(root, 'title'),
    ladder: TINY_LADDER,
    workers: 2,
    tracePath: join(root, 'trace.txt'),
    journal: null,
    ...changes,
  };
  return { root, order };
}

export function removePlace(place: Place): Promise<void> {
  return rm(place.root, { recursive: true, force: true });
}

/** Starts an encode in its own process; `crashAt` names the effect at which it kills itself. */
export function startEncode(place: Place, crashAt: string | null = null): ChildProcess {
  const env = { ...process.env, SCENELINE_CRASH_ORDER: JSON.stringify({ ...place.order, crashAt }) };
  return spawn(process.execPath, [CHILD], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

export type ChildEnd = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly stderr: string };

export function ended(child: ChildProcess): Promise<ChildEnd> {
  const parts: Buffer[] = [];
  child.stderr?.on('data', (bytes: Buffer) => parts.push(bytes));
  child.stdout?.resume();
  return new Promise((done) => child.once('close', (code, signal) => done({ code, signal, stderr: Buffer.concat(parts).toString('utf8') })));
}

/** SHA-256 of every file of a finished title but its report, whose cost differs from run to run. */
export async function fileHashes(outDir: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  const entries = await readdir(outDir, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || entry.name === 'report.json') continue;
    const path = join(entry.parentPath, entry.name);
    hashes[path.slice(outDir.length + 1)] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  }
  return hashes;
}

export type AttemptLedger = {
  readonly failed: number;
  readonly lost: number;
  /** Encode jobs done more than once: proven work repeated. */
  readonly repeated: readonly string[];
  readonly encodeAttempts: number;
  readonly encodeJobs: number;
};

/** What the rows say about the attempts of the only title. */
export async function attemptLedger(stateDir: string): Promise<AttemptLedger> {
  const laptop = await openLaptop(stateDir);
  try {
    const { titles } = await laptop.titles.listByPrefix('', null, 10);
    const { attempts } = await laptop.queue.listAttempts(titles[0].id, null, 10_000);
    const done = new Map<string, number>();
    for (const attempt of attempts) if (attempt.kind === 'encode' && attempt.outcome === 'done') done.set(attempt.jobId, (done.get(attempt.jobId) ?? 0) + 1);
    return {
      failed: attempts.filter((attempt) => attempt.outcome === 'failed').length,
      lost: attempts.filter((attempt) => attempt.outcome === 'lost').length,
      repeated: [...done].filter(([, times]) => times > 1).map(([id]) => id),
      encodeAttempts: attempts.filter((attempt) => attempt.kind === 'encode').length,
      encodeJobs: done.size,
    };
  } finally {
    laptop.close();
  }
}
