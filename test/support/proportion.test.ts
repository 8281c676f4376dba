import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkProportion } from './proportion.ts';

test('what grows with the square is found, what grows evenly is not', async () => {
  let sum = 0;
  const spin = (steps: number) => {
    for (let i = 0; i < steps; i++) sum = (sum * 31 + i) | 0;
  };
  await checkProportion(8_000_000, spin);
  await assert.rejects(
    checkProportion(10_000, (size) => spin(size * size)),
    /8 times as much took/,
  );
});
