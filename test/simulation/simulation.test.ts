import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FAULTS } from './faults.ts';
import { type SimulationEnd, type SimulationOptions, simulate } from './simulate.ts';

/**
 * `SIM_SEED=123 node --test test/simulation/simulation.test.ts` replays one seed and prints its story; `SIM_SEEDS=50000` runs more of them.
 */
const ONE_SEED = process.env.SIM_SEED === undefined ? null : Number(process.env.SIM_SEED);
const SEEDS = Number(process.env.SIM_SEEDS ?? 2000);
const KILLS = 100;
const LONG = { chunks: Array.from({ length: 12 }, (_, index) => `shot-${index}`), codecs: ['h264', 'h265'], refusedBy: null };

async function run(seed: number, options: SimulationOptions = {}): Promise<SimulationEnd> {
  const end = await simulate(seed, options);
  if (end.violation === null) return end;
  const { story } = await simulate(seed, { ...options, tell: true });
  assert.fail(`seed ${seed}: ${end.violation}\n${story.join('\n')}\nreplay: SIM_SEED=${seed} node --test test/simulation/simulation.test.ts`);
}

async function replay(t: TestContext, seed: number): Promise<void> {
  const { story, violation } = await simulate(seed, { tell: true });
  for (const line of story) t.diagnostic(line);
  assert.equal(violation, null);
}

test('whatever happens between two effects, every promise is kept', async (t) => {
  if (ONE_SEED !== null) return replay(t, ONE_SEED);
  const seen = new Map<string, number>();
  const count = (what: string, times = 1): void => void seen.set(what, (seen.get(what) ?? 0) + times);
  for (let seed = 0; seed < SEEDS; seed++) {
    const end = await run(seed);
    for (const state of end.states) count(state);
    for (const fault of FAULTS) count(fault, end.faults[fault] ?? 0);
    count('zombies refused', end.zombiesRefused);
    count('lost encodes', end.encodes - end.addresses);
  }
  t.diagnostic([...seen].map(([what, times]) => `${what} ${times}`).join(', '));
  for (const what of ['published', 'refused', 'failed', 'zombies refused', 'lost encodes', ...FAULTS]) {
    assert.ok((seen.get(what) ?? 0) >= SEEDS / 100, `${what} happened ${seen.get(what) ?? 0} times in ${SEEDS} runs: they no longer show much`);
  }
});

test('a hundred kills park nothing and cost only what was in flight', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const end = await run(seed, {
      adjust: (scenario) => ({
        ...scenario,
        poison: null,
        toolFailuresLeft: 0,
        cancelsAfterMs: [],
        redeliveriesAfterMs: [],
        terminals: 1,
        concurrency: 2,
        titleIds: ['one'],
        masters: [{ ...scenario.masters[0], ...LONG }, scenario.masters[1]],
        faults: { kinds: ['kill'], rate: 0.05, budget: KILLS },
      }),
    });
    const kills = end.faults.kill ?? 0;
    assert.deepEqual(end.states, ['published']);
    assert.equal(kills, KILLS);
    assert.ok(end.encodes - end.addresses <= 2 * kills, `${end.encodes - end.addresses} encodes lost in ${kills} kills of two jobs each`);
  }
});

test('the same seed tells the same story', async () => {
  for (const seed of [1, 2, 3]) {
    const first = await simulate(seed, { tell: true });
    const second = await simulate(seed, { tell: true });
    assert.ok(first.story.length > 10);
    assert.deepEqual(first, second);
  }
});
