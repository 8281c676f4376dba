import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { simulate } from './simulate.ts';

const SEEDS = 600;

for (const bug of PLANTED_BUGS) {
  test(`noticed: ${bug.name}`, async (t) => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { violation } = await simulate(seed, { bug });
      if (violation === null) continue;
      t.diagnostic(`seed ${seed}: ${violation}`);
      return;
    }
    assert.fail(`not noticed in ${SEEDS} runs`);
  });
}
