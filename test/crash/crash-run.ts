import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseReport } from '../../src/model/report.ts';
import { openLaptop } from '../../src/roles/all-in-one.ts';
import { folderHashes } from '../support/folder-hashes.ts';
import { ForgetfulFiles } from '../support/forgetful-files.ts';
import type { CrashOrder } from './child.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

/** A working place for one title: source, state and output side by side. */
export type Place = {
  readonly root: string;
  /** Holds state and output and nothing else. */
  readonly world: string;
  readonly order: Omit<CrashOrder, 'crashAt'>;
};

export type Ladder = CrashOrder['ladder'];

/** Two rungs so small that a whole title takes seconds. */
export const TINY_LADDER: Ladder = {
  audioKbpsPerChannel: 64,
  rungs: [180, 90].map((boxPx) => ({
    name: `${boxPx}p`,
    container: 'mp4' as const,
    codec: 'h264' as const,
    boxPx,
    crf: 28,
    maxrateKbps: 2000,
    bufsizeKbit: 4000,
    preset: 'ultrafast',
  })),
};

/** `forgetful`: what was not synced can be lost by a power cut in `world`. */
export async function makePlace(sourcePath: string, { forgetful = false, ...changes }: Partial<CrashOrder> & { forgetful?: boolean } = {}): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'sceneline-crash-'));
  const world = join(root, 'world');
  const journal = forgetful ? { root: world, path: join(root, 'journal') } : null;
  await mkdir(world);
  if (journal) await ForgetfulFiles.begin(journal.root, journal.path);
  const order = {
    stateDir: join(world, 'state'),
    sourcePath,
    outDir: join(world, 'title'),
    ladder: TINY_LADDER,
    workers: 2,
    tracePath: join(root, 'trace.txt'),
    journal,
    silenceMs: null,
    ...changes,
  };
  return { root, world, order };
}

export function removePlace(place: Place): Promise<void> {
  return rm(place.root, { recursive: true, force: true });
}

/** Starts an encode in its own process; `crashAt` names the effect at which it kills itself. */
export function startEncode(place: Place, crashAt: string | null = null, changes: NodeJS.ProcessEnv = {}): ChildProcess {
  const env = { ...process.env, ...changes, SCENELINE_CRASH_ORDER: JSON.stringify({ ...place.order, crashAt }) };
  return spawn(process.execPath, [CHILD], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

export type ChildEnd = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly stderr: string };

export function ended(child: ChildProcess): Promise<ChildEnd> {
  const parts: Buffer[] = [];
  child.stderr?.on('data', (bytes: Buffer) => parts.push(bytes));
  child.stdout?.resume();
  return new Promise((done) => child.once('close', (code, signal) => done({ code, signal, stderr: Buffer.concat(parts).toString('utf8') })));
}

/** Throws unless the folder is absent, or a finished title with every file of its report as the report has it. */
export async function absentOrWhole(outDir: string): Promise<void> {
  const isThere = await stat(outDir).catch(() => null);
  if (isThere === null) return;
  const { files } = parseReport(await readFile(join(outDir, 'report.json'), 'utf8'));
  const hashes = await folderHashes(outDir);
  assert.deepEqual(hashes, Object.fromEntries(files.map(({ file, sha256 }) => [file, sha256])));
}

export type Outcome = { readonly hashes: Record<string, string>; readonly effects: readonly string[]; readonly wallMs: number };

/** One run that nothing disturbs: what every other run has to come to. */
export async function undisturbed(sourcePath: string): Promise<Outcome> {
  const place = await makePlace(sourcePath);
  try {
    const startedMs = Date.now();
    const end = await ended(startEncode(place));
    const wallMs = Date.now() - startedMs;
    assert.equal(end.code, 0, end.stderr);
    const effects = (await readFile(place.order.tracePath, 'utf8')).trim().split('\n');
    return { hashes: await folderHashes(place.order.outDir), effects, wallMs };
  } finally {
    await removePlace(place);
  }
}

/** Runs to the end and holds the outcome to the undisturbed run's. */
export async function finish(place: Place, wanted: Outcome, kills: number): Promise<void> {
  const end = await ended(startEncode(place));
  assert.equal(end.code, 0, end.stderr);
  assert.deepEqual(await folderHashes(place.order.outDir), wanted.hashes);
  const ledger = await attemptLedger(place.order.stateDir);
  assert.deepEqual(ledger.repeated, [], 'nothing proven is encoded again');
  assert.equal(ledger.failed, 0, 'kills are losses, not failures');
  assert.ok(ledger.encodeAttempts - ledger.encodeJobs <= kills * place.order.workers, 'only chunks in flight are lost');
}

/**
 * Kills at each point in turn, in as few titles as possible: points in the order in which a run first comes by them are passed by one title.
 * `onKill` sees the place after each kill.
 */
export async function killAtEach(
  points: readonly string[],
  wanted: Outcome,
  newPlace: () => Promise<Place>,
  onKill: (place: Place) => Promise<void>,
): Promise<void> {
  let place = await newPlace();
  let kills = 0;
  try {
    for (const point of points) {
      let end = await ended(startEncode(place, point));
      if (end.signal !== 'SIGKILL') {
        assert.equal(end.code, 0, `${point}: ${end.stderr}`);
        await finish(place, wanted, kills);
        await removePlace(place);
        place = await newPlace();
        kills = 0;
        end = await ended(startEncode(place, point));
      }
      assert.equal(end.signal, 'SIGKILL', `${point} was not reached`);
      kills++;
      await onKill(place);
    }
    await finish(place, wanted, kills);
  } finally {
    await removePlace(place);
  }
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
