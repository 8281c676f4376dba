import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ERROR_CODES } from '../src/model/error-codes.ts';
import { checkForbidden, checkLinks } from './tidy/documents.ts';
import { checkArrows } from './tidy/imports.ts';
import { checkDeadFiles, checkUnusedExports } from './tidy/reach.ts';
import { type Problem, Repository } from './tidy/repository.ts';
import { checkSizes } from './tidy/sizes.ts';
import { checkErrorCodes, checkLock } from './tidy/tables.ts';

const ROOT = join(import.meta.dirname, '..');

/** An exception from a rule for one file, with the reason a reader would ask for. */
export type Allowance = { readonly rule: string; readonly where: string; readonly reason: string };

/** Everything untidy about a repository, less what is allowed; an allowance that allows nothing is itself untidy. */
export function tidyProblems(repository: Repository, allowances: readonly Allowance[]): Problem[] {
  const problems = [
    ...checkArrows(repository),
    ...checkSizes(repository),
    ...checkDeadFiles(repository),
    ...checkUnusedExports(repository),
    ...checkForbidden(repository),
    ...checkLinks(repository),
    ...checkErrorCodes(repository, Object.keys(ERROR_CODES)),
    ...checkLock(repository),
  ];
  const covers = (allowance: Allowance, problem: Problem) => allowance.rule === problem.rule && allowance.where === problem.where;
  const idle = allowances.filter((allowance) => !problems.some((problem) => covers(allowance, problem)));
  return [
    ...problems.filter((problem) => !allowances.some((allowance) => covers(allowance, problem))),
    ...idle.map((allowance) => ({ rule: 'allowance', where: allowance.where, text: `is allowed ${allowance.rule} and does not need it` })),
  ];
}

/** Problems of this repository, a line each. */
export function tidyThisRepository(): string[] {
  const allowances: readonly Allowance[] = JSON.parse(readFileSync(join(import.meta.dirname, 'tidy-allow.json'), 'utf8'));
  return tidyProblems(Repository.read(ROOT), allowances).map(({ where, line, rule, text }) => `${where}${line ? `:${line}` : ''} ${rule}: ${text}`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const lines = tidyThisRepository();
  for (const line of lines) process.stdout.write(`${line}\n`);
  process.exitCode = lines.length > 0 ? 1 : 0;
}
