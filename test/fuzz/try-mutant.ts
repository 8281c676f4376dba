import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ScenelineError } from '../../src/model/errors.ts';
import type { Ladder } from '../../src/model/ladder.ts';
import { verifyTitle } from '../../src/pipeline/verify-title.ts';
import { openLaptop } from '../../src/roles/all-in-one.ts';
import { describeEnd, type EndDescription } from '../../src/roles/cli/summary.ts';
import { encodeTitle } from '../../src/roles/encode-title.ts';
import { TINY_LADDER } from '../crash/crash-run.ts';
import { mediaTools } from '../support/stage-context.ts';

/**
 * How a mutant ended. `made`: published, and proven again from the files. `refused`: by findings. `failed`: the title failed with evidence.
 * The others are bugs: an internal fault, a proof that the second look does not confirm, no end in time.
 */
export type Ending = 'made' | 'refused' | 'failed' | 'fault' | 'wrong' | 'hang';
export type MutantOutcome = { readonly ending: Ending; readonly words: string; readonly seconds: number };

export const BUGS: readonly Ending[] = ['fault', 'wrong', 'hang'];

/** One rung so small that a title takes a second. */
const LADDER: Ladder = { ...TINY_LADDER, rungs: TINY_LADDER.rungs.slice(1) };
/** A changed number can make hours of silence of a second of sound: minutes of honest work. */
const PATIENCE_MS = 900_000;

/** Takes one file through everything. Leaves nothing in `folder`. */
export async function tryMutant(folder: string, name: string, bytes: Uint8Array): Promise<MutantOutcome> {
  const startedMs = performance.now();
  const place = await mkdtemp(join(folder, 'mutant-'));
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    const sourcePath = join(place, name);
    await writeFile(sourcePath, bytes);
    const { ending, words } = await encodeAndVerify(place, sourcePath, patience).catch((error: unknown) => endOf(error, patience));
    return { ending, words, seconds: (performance.now() - startedMs) / 1000 };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

type Told = Pick<MutantOutcome, 'ending' | 'words'>;

async function encodeAndVerify(place: string, sourcePath: string, signal: AbortSignal): Promise<Told> {
  const tools = await mediaTools();
  const laptop = await openLaptop(join(place, 'state'));
  const outDir = join(place, 'title');
  try {
    const quiet = { say: () => {}, onSealed: () => {}, observe: () => {} };
    const { title } = await encodeTitle({ laptop, tools, sourcePath, outDir, ladder: LADDER, workers: 1, signal, ...quiet });
    if (signal.aborted) return { ending: 'hang', words: title.state };
    if (title.state !== 'published') return titleEnd(title.state, await describeEnd(title, laptop));
  } finally {
    laptop.close();
  }
  const scratchDir = join(place, 'scratch');
  await mkdir(scratchDir);
  const { faults } = await verifyTitle({ dir: outDir, sourcePath, say: () => {} }, { tools, scratchDir, signal });
  return faults.length === 0 ? { ending: 'made', words: '' } : { ending: 'wrong', words: JSON.stringify(faults.slice(0, 3)) };
}

function titleEnd(state: string, { lines, document }: EndDescription): Told {
  if (state === 'refused') return { ending: 'refused', words: /SL-\d+/.exec(lines.join('\n'))?.[0] ?? '' };
  const code = (document as { evidence?: { code?: string } }).evidence?.code ?? '';
  return { ending: code.startsWith('SL-9') || code === '' ? 'fault' : 'failed', words: lines.join('\n').slice(0, 1500) };
}

function endOf(error: unknown, patience: AbortSignal): Told {
  if (patience.aborted) return { ending: 'hang', words: String(error) };
  if (error instanceof ScenelineError && !error.code.startsWith('SL-9')) return { ending: 'failed', words: `${error.code} ${error.message}` };
  return { ending: 'fault', words: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
