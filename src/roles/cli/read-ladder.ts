import { readFile } from 'node:fs/promises';
import { ScenelineError } from '../../model/errors.ts';
import type { Ladder } from '../../model/ladder.ts';
import { loadLadder } from '../../stages/plan/ladder/load.ts';

/** The ladder in a file. Throws SL-104 with every problem and its place. */
export async function readLadder(path: string): Promise<Ladder> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new ScenelineError('SL-104', `The ladder ${path} cannot be read: ${error.message}.`, { cause: error });
  });
  return loadLadder(text);
}
