import { measureFunctions } from './functions.ts';
import type { Problem, Repository } from './repository.ts';

const MAX_FUNCTION_LINES = 70;
const MAX_FILE_LINES = 500;

/** Contract suites are groups of tests in the form of a function. */
function isGroup(file: string, name: string): boolean {
  return file.startsWith('test/contract/') && /(?:Tests|Contract)$/.test(name);
}

/** Functions and files larger than a person reads at once. */
export function checkSizes(repository: Repository): Problem[] {
  return repository.sources().flatMap(([where, text]) => {
    const lines = text.trimEnd().split('\n').length;
    const long = measureFunctions(text).filter((size) => size.lines > MAX_FUNCTION_LINES && !isGroup(where, size.name));
    return [
      ...(lines > MAX_FILE_LINES ? [{ rule: 'file-size', where, text: `${lines} lines; at most ${MAX_FILE_LINES}` }] : []),
      ...long.map((size) => ({ rule: 'function-size', where, line: size.line, text: `${size.name} has ${size.lines} lines; at most ${MAX_FUNCTION_LINES}` })),
    ];
  });
}
