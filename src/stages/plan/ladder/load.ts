import { ScenelineError } from '../../../model/errors.ts';
import type { Ladder } from '../../../model/ladder.ts';
import { ladderSchema, relationProblems } from './schema.ts';

/** Bytes of a file, or characters of a text. */
export const LONGEST_LADDER = 64 * 1024;
const MOST_PROBLEMS_SHOWN = 20;

/** Reads the text of a ladder file. Throws SL-104 with every problem and its place. */
export function loadLadder(json: string): Ladder {
  if (json.length > LONGEST_LADDER) throw invalid([`it has ${json.length} characters, at most ${LONGEST_LADDER} are read`]);
  const value = parseJson(json);
  const parsed = ladderSchema.safeParse(value);
  const problems = [...(parsed.error?.issues ?? []), ...relationProblems(value)];
  if (parsed.success && problems.length === 0) return parsed.data;
  throw invalid(problems.map((problem) => `${placeOf(problem.path)}: ${problem.message}`));
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw invalid([`it is not JSON: ${(error as Error).message}`]);
  }
}

/** `rungs[2].crf`; `ladder` for the whole. */
function placeOf(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text === '' ? 'ladder' : text.replace(/^\./, '');
}

function invalid(problems: readonly string[]): ScenelineError {
  const shown = problems.slice(0, MOST_PROBLEMS_SHOWN);
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  return new ScenelineError('SL-104', 'The ladder is not valid.', { details: shown.map((problem) => `  ${problem}`) });
}
