/** `npm run bench -- NAME`: runs one benchmark, prints its JSON, compares it with the committed baseline. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { BenchResult } from './measure.ts';

const HERE = new URL('./', import.meta.url);
/** A figure may be this much worse than its baseline before it counts as a regression: the machines are shared. */
const TOLERANCE = 1.15;

const scenarios = readdirSync(new URL('scenarios/', HERE)).map((file) => file.replace(/\.ts$/, ''));
const [name, save] = process.argv.slice(2);
if (!scenarios.includes(name)) {
  process.stderr.write(`usage: npm run bench -- NAME [--save]\nNAME is one of: ${scenarios.join(', ')}\n`);
  process.exit(2);
}
const { run } = (await import(new URL(`scenarios/${name}.ts`, HERE).href)) as { run: () => Promise<BenchResult> };
const result = await run();
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
const baselinePath = new URL(`baselines/${name}.json`, HERE);
if (save === '--save') writeFileSync(baselinePath, `${JSON.stringify(result, null, 2)}\n`);
else if (!existsSync(baselinePath)) process.stderr.write(`${name}: ${result.figure.toFixed(3)}, target ${result.target}, no baseline yet (--save makes one)\n`);
else {
  const baseline = JSON.parse(readFileSync(baselinePath, 'utf8')) as BenchResult;
  const isWorse = result.figure > Math.max(baseline.figure * TOLERANCE, result.target);
  process.stderr.write(`${name}: ${result.figure.toFixed(3)}, target ${result.target}, baseline ${baseline.figure.toFixed(3)}${isWorse ? ': WORSE' : ''}\n`);
  if (isWorse) process.exit(1);
}
