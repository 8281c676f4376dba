import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { runChecks } from './check.ts';
import { countFailure, countPass, type Totals } from './test-totals.ts';

const ROOT = join(import.meta.dirname, '..');
/** Files in these folders use whole cores or measure time: one after the other. */
const SERIAL_FOLDERS = ['test/e2e/', 'test/crash/', 'test/cluster/', 'test/adapters/cluster/'];
const FILE_TIMEOUT_MS = 40 * 60_000;

const totals: Totals = { passed: 0, failed: 0, skipped: [] };
for (const check of runChecks()) totals[check.isPassed ? 'passed' : 'failed']++;

const files = globSync('test/**/*.test.ts', { cwd: ROOT }).sort();
const isSerial = (file: string) => SERIAL_FOLDERS.some((folder) => file.startsWith(folder));
await runFiles(
  files.filter((file) => !isSerial(file)),
  availableParallelism(),
);
await runFiles(files.filter(isSerial), 1);

if (totals.skipped.length > 0) process.stdout.write(`Skipped:\n${totals.skipped.map((line) => `  ${line}\n`).join('')}`);
const isSkippingRefused = process.env.CI === 'true' && totals.skipped.length > 0;
if (isSkippingRefused) process.stdout.write('Under CI nothing may be skipped.\n');
const isGreen = totals.failed === 0 && totals.passed > 0 && !isSkippingRefused;
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped.length} skipped\n`);
process.exitCode = isGreen ? 0 : 1;

/** Runs test files, each in its own process, prints what happens and adds to the totals. */
async function runFiles(names: readonly string[], concurrency: number): Promise<void> {
  if (names.length === 0) return;
  const stream = run({ files: names.map((name) => join(ROOT, name)), concurrency, cwd: ROOT, timeout: FILE_TIMEOUT_MS });
  stream.on('test:pass', (event) => countPass(totals, event));
  stream.on('test:fail', (event) => countFailure(totals, event));
  const report = stream.compose(spec);
  for await (const text of report) process.stdout.write(text);
}
