import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterScenario } from './cluster-scenario.ts';
import { run } from './run-seeds.ts';
import { simulateCluster } from './simulate-cluster.ts';

const SEEDS = Array.from({ length: 10 }, (_, seed) => seed);

/** One film, nothing goes wrong. */
function calm(scenario: ClusterScenario): ClusterScenario {
  const { titles, masters, trouble } = scenario;
  return {
    ...scenario,
    titles: titles.slice(0, 1),
    masters: [titles[0].master, masters.at(-1) ?? titles[0].master],
    redeliverAfterMs: null,
    cancelAfterMs: null,
    workers: [2],
    noteLoss: 0,
    doubling: 0,
    slownessMs: 0,
    toolFailuresLeft: 0,
    poison: null,
    trouble: { ...trouble, budget: 0 },
  };
}

test('where nothing goes wrong nobody waits for a round: a film takes as long as its work', async () => {
  // Eight or more steps of up to 2 s one after the other, three encodes of up to 6.3 s two at a time, and starting.
  for (const seed of SEEDS) {
    const { virtualSeconds } = await run(seed, { adjust: calm });
    assert.ok(virtualSeconds < 40, `seed ${seed} took ${virtualSeconds} s`);
  }
});

test('a lost note costs a round, also for a job that failed', async () => {
  for (const seed of SEEDS) {
    const { virtualSeconds, states } = await run(seed, {
      adjust: (scenario) => ({ ...calm(scenario), noteLoss: 1, retriesLeft: 0, toolFailuresLeft: 2, toolFailureRate: 0.3 }),
    });
    assert.ok(virtualSeconds < 140, `seed ${seed} took ${virtualSeconds} s until it was ${states}`);
  }
});

test('an offer that waits behind a long job is not made again every minute', async () => {
  const longMs = 600_000;
  const { story } = await simulateCluster(1, {
    tell: true,
    adjust: (scenario) => {
      const one = calm(scenario);
      const master = { ...one.titles[0].master, chunks: ['a', 'b', 'c'], codecs: ['h264'], refusedBy: null };
      return { ...one, titles: [{ ...one.titles[0], master }], masters: [master], codecs: ['h264'], workers: [1], controls: 1, window: 6, slownessMs: longMs };
    },
  });
  const offers = story.filter((line) => /offers .*encode/.test(line)).length;
  assert.ok(offers >= 3 && offers <= 12, `three encodes of ten minutes each were offered ${offers} times`);
});

test('two titles of one film at once: the second waits for no minute, and nothing is made twice', async () => {
  for (const seed of SEEDS) {
    const { virtualSeconds, counted } = await run(seed, {
      adjust: (scenario) => {
        const one = calm(scenario);
        return { ...one, titles: ['one', 'two'].map((id) => ({ ...one.titles[0], id, submitAfterMs: 0 })) };
      },
    });
    assert.ok(virtualSeconds < 80, `seed ${seed} took ${virtualSeconds} s`);
    assert.equal(counted.takeOvers, 0);
  }
});

test('the same seed tells the same story', async () => {
  for (const seed of [1, 2, 3]) {
    const first = await simulateCluster(seed, { tell: true });
    assert.ok(first.story.length > 10);
    assert.deepEqual(first, await simulateCluster(seed, { tell: true }));
  }
});
