import { ScenelineError } from '../../model/errors.ts';
import type { Ladder } from '../../model/ladder.ts';
import { LONGEST_LADDER, loadLadder } from '../../stages/plan/ladder/load.ts';
import { readSmallFile } from '../read-small-file.ts';

/** The ladder in a file. Throws SL-104 with every problem and its place. */
export function readLadder(path: string): Ladder {
  let text: string;
  try {
    text = readSmallFile(path, LONGEST_LADDER);
  } catch (cause) {
    throw new ScenelineError('SL-104', `The ladder ${path} cannot be read: ${(cause as Error).message}.`, { cause });
  }
  return loadLadder(text);
}
