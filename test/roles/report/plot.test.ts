import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Plot, plotHtml, roundTicks, timeTicks } from '../../../src/roles/report/plot.ts';

test('ticks are round and cover what is shown', () => {
  assert.deepEqual(roundTicks(5.4), [0, 2, 4, 6]);
  assert.deepEqual(roundTicks(0.023), [0, 0.01, 0.02, 0.03]);
  assert.deepEqual(roundTicks(0).length, 1);
  for (const high of [0.0001, 0.9, 1, 7, 99, 12_345]) {
    const ticks = roundTicks(high);
    assert.ok(ticks[ticks.length - 1] >= high && ticks.length >= 3 && ticks.length <= 6, `${high}: ${ticks}`);
  }
  for (const end of [0.2, 3, 13, 71, 600, 7000, 1e6]) assert.ok(timeTicks(end).length <= 6 && timeTicks(end).every((tick) => tick <= end), `${end}`);
});

test('what lies outside of a plot is drawn at its edge, and a film of ten thousand shots has no wall of borders', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => i / 10);
  const plot: Plot = {
    label: 'p',
    endSeconds: 1000,
    range: [0, 1],
    ticks: [0, 1],
    format: String,
    lines: [
      {
        color: 0,
        points: [
          [-5, 2],
          [2000, -1],
        ],
      },
    ],
    borders: many,
    hints: many.slice(0, 1000).map((startSeconds) => ({ startSeconds, endSeconds: startSeconds + 0.1, text: 'shot' })),
    badges: [],
  };
  const { text } = plotHtml(plot);
  assert.ok(text.includes('d="M0 0L1000 100"'));
  assert.ok(!text.includes('class="border"'));
  assert.ok(text.length < 300_000);
});
