import { run } from 'node:test';
import { countFailure, countPass, type Totals } from '../../tools/test-totals.ts';

/** Runs the test file that is named and prints the totals. */
const totals: Totals = { passed: 0, failed: 0, skipped: [] };
const stream = run({ files: [process.argv[2]] });
stream.on('test:pass', (event) => countPass(totals, event));
stream.on('test:fail', (event) => countFailure(totals, event));
for await (const _event of stream);
console.log(JSON.stringify(totals));
