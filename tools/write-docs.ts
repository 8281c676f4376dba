import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ERROR_CODES } from '../src/model/error-codes.ts';

const ERRORS_FILE = join(import.meta.dirname, '../docs/errors.md');

const GROUPS = [
  { first: '1', title: 'Usage, tools and surroundings' },
  { first: '2', title: 'Findings about the source' },
  { first: '3', title: 'Titles' },
  { first: '9', title: 'Internal faults' },
] as const;

/** docs/errors.md: every code with its exit status, cause and remedy. */
export function errorsPage(): string {
  const sections = GROUPS.map(({ first, title }) => {
    const codes = Object.entries(ERROR_CODES).filter(([code]) => code.startsWith(`SL-${first}`));
    const rows = codes.map(([code, facts]) => `| ${code} | ${facts.exit} | ${facts.title} | ${facts.cause} | ${facts.remedy} |`);
    return [`## ${title}`, '', '| code | exit | what | cause | remedy |', '|---|---|---|---|---|', ...rows, ''].join('\n');
  });
  const head = `# Errors and findings

Made from \`src/model/error-codes.ts\` by \`npm run docs\`; a test fails when the two differ. Codes are never used again for something else.

Exit status of a command: 0 done, 1 internal fault, 2 wrong usage or missing tool, 3 source refused, 4 title failed, 130 interrupted and resumable.
A finding makes the exit status 3 only when it is an error; warnings are reported and the title is made.
`;
  return [head, ...sections].join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(ERRORS_FILE, errorsPage());
