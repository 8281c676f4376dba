import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Inputs that once went wrong, or are worth starting from: a line of hexadecimal digits each, in a file named after the parser. */
export function corpusOf(parser: string): Buffer[] {
  const path = join(import.meta.dirname, 'corpus', `${parser}.hex`);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => /^[0-9a-f]+$/.test(line)).map((line) => Buffer.from(line, 'hex'));
}
