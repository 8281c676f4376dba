import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = join(import.meta.dirname, '..');

/** Checks that are no tests: name and what the runtime runs. `tidy` is also a test, and so part of every test run. */
const CHECKS = {
  types: ['node_modules/typescript/bin/tsc', '-p', '.'],
  format: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
} as const;
const TIDY = { tidy: ['tools/tidy.ts'] } as const;

export type CheckResult = { readonly name: string; readonly isPassed: boolean };

/** Runs each check, with its output passed on when it fails. */
export function runChecks(checks: { readonly [name: string]: readonly string[] } = CHECKS): CheckResult[] {
  return Object.entries(checks).map(([name, args]) => {
    const run = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    const isPassed = run.status === 0;
    process.stdout.write(isPassed ? `check ${name}: passed\n` : `check ${name}: FAILED\n${run.stdout}${run.stderr}`);
    return { name, isPassed };
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const failed = runChecks({ ...CHECKS, ...TIDY }).filter((check) => !check.isPassed);
  if (failed.length > 0) process.stdout.write(`failed in ${relative(process.cwd(), ROOT) || '.'}: ${failed.map((check) => check.name).join(', ')}\n`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}
