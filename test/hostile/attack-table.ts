import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { probeGuard } from '../../src/adapters/ffmpeg/process-guard.ts';
import { fileInput, sourceArguments } from '../../src/model/media-input.ts';
import { mediaTools } from '../support/stage-context.ts';
import { judgeFile } from './judge-file.ts';
import { type Lures, layLures } from './lures.ts';
import { TRICKS, type Trick } from './tricks.ts';

/** What became of one trick. */
export type AttackRow = {
  readonly trick: Pick<Trick, 'name' | 'asksFor'>;
  /** What a bare ffprobe did that was told nothing but to read: names of lures, `port`, `waits` (it did not end by itself). */
  readonly bare: readonly string[];
  /** The layers that each, alone, keep it from doing that. */
  readonly stoppedBy: readonly string[];
  /** What was touched by us. */
  readonly touched: readonly string[];
  /** How inspection judged the file: codes of refusing findings; none for a film that is made. */
  readonly refusals: readonly string[];
};

const WAIT_MS = 10_000;
const SIDE_BY_SIDE = 8;

/** Tries every trick on a bare tool, on each layer alone, and on inspection as it is. @param film a small MP4 with its index at the end */
export async function tryTricks(folder: string, film: Buffer): Promise<AttackRow[]> {
  const rows: AttackRow[] = [];
  // Most of the time goes by in waiting for tools that wait.
  for (let i = 0; i < TRICKS.length; i += SIDE_BY_SIDE) {
    rows.push(...(await Promise.all(TRICKS.slice(i, i + SIDE_BY_SIDE).map((trick, k) => tryInFolder(trick, join(folder, String(i + k)), film)))));
  }
  return rows;
}

async function tryInFolder(trick: Trick, folder: string, film: Buffer): Promise<AttackRow> {
  await mkdir(folder);
  const lures = await layLures(folder);
  try {
    const path = join(folder, trick.fileName);
    await writeFile(path, trick.content(lures, film));
    lures.touched();
    return await tryTrick(trick, path, lures);
  } finally {
    await lures.close();
  }
}

async function tryTrick(trick: Trick, path: string, lures: Lures): Promise<AttackRow> {
  const { abilities } = await mediaTools();
  const formats = sourceArguments(fileInput(path)).slice(0, 2);
  const reach = async (options: readonly string[], input: string, before: readonly string[] = []) => {
    const ended = await ends([...before, abilities.ffprobePath, '-v', 'quiet', ...options, '-i', input], lures.folder);
    return [...lures.touched(), ...(ended ? [] : ['waits'])];
  };
  const bare = await reach(trick.unguarded, trick.fileName);
  const withoutNetwork = probeGuard(process.env).withoutNetwork;
  const layers: { readonly [name: string]: () => Promise<readonly string[]> } = {
    'formats allowed': () => reach([...trick.unguarded, ...formats], trick.fileName),
    'protocols allowed': () => reach([...trick.unguarded, '-protocol_whitelist', 'file'], trick.fileName),
    'no network': () => (withoutNetwork ? reach(trick.unguarded, trick.fileName, withoutNetwork) : Promise.resolve(bare)),
    'names are paths': () => reach(trick.unguarded, `file:${path}`),
    'options of the demuxer left off': () => reach([], trick.fileName),
  };
  const stoppedBy: string[] = [];
  if (bare.length > 0) for (const [name, run] of Object.entries(layers)) if ((await run()).length === 0) stoppedBy.push(name);
  const { refusals } = await judgeFile(join(lures.folder, 'inspection'), path);
  return { trick, bare, stoppedBy, touched: lures.touched(), refusals };
}

/** Whether a process ends by itself soon; else it is killed. */
function ends([program, ...args]: readonly string[], cwd: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: 'ignore', timeout: WAIT_MS, killSignal: 'SIGKILL' });
    child.once('error', reject);
    child.once('exit', (_, signal) => resolve(signal === null));
  });
}

/** The table for docs/security.md. */
export function attackTable(rows: readonly AttackRow[]): string {
  const head = ['| trick | asks for | ffprobe without our layers | each of these alone stops it | Sceneline |', '|---|---|---|---|---|'];
  return [...head, ...rows.map(tableLine)].join('\n');
}

function tableLine({ trick, bare, stoppedBy, touched, refusals }: AttackRow): string {
  const did = bare.length === 0 ? 'does nothing' : bare.map(didWhat).join(', ');
  const outcome = refusals.length > 0 ? `refused (${refusals.join(', ')})` : 'made; nothing asked for';
  const cells = [trick.name, trick.asksFor, did, bare.length === 0 ? '' : stoppedBy.join(', '), touched.length > 0 ? 'FELL FOR IT' : outcome];
  return `| ${cells.join(' | ')} |`;
}

function didWhat(name: string): string {
  if (name === 'port') return 'calls the address';
  return name === 'waits' ? 'waits for it' : `reads ${name}`;
}
