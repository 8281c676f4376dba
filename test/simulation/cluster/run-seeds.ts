import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type ClusterEnd, type ClusterOptions, simulateCluster } from './simulate-cluster.ts';
import { CLUSTER_FAULTS } from './trouble.ts';

/** Of all test processes together. */
const SEEDS = Number(process.env.SIM_SEEDS ?? 10_000);
const ONE_SEED = process.env.SIM_SEED === undefined ? null : Number(process.env.SIM_SEED);
const FILE = 'test/simulation/cluster/seeds-even.test.ts';

/** Runs a seed; fails with its story and the command that replays it. */
export async function run(seed: number, options: ClusterOptions = {}): Promise<ClusterEnd> {
  const end = await quickly(() => simulateCluster(seed, options));
  if (end.violation === null) return end;
  const { story } = await simulateCluster(seed, { ...options, tell: true });
  assert.fail(`seed ${seed}: ${end.violation}\n${story.join('\n')}\nreplay: SIM_SEED=${seed} node --test ${FILE}`);
}

/** Every second seed: two test processes share them. `SIM_SEED=123` replays one and prints its story, `SIM_SEEDS=50000` runs more. */
export async function runSeeds(t: TestContext, first: 0 | 1): Promise<void> {
  if (ONE_SEED !== null) return first === 0 ? replay(t, ONE_SEED) : undefined;
  const seen = new Map<string, number>();
  const count = (what: string, times = 1): void => void seen.set(what, (seen.get(what) ?? 0) + times);
  for (let seed = first; seed < SEEDS; seed += 2) {
    const end = await run(seed);
    for (const state of end.states) count(state);
    for (const fault of CLUSTER_FAULTS) count(fault, end.faults[fault] ?? 0);
    for (const [what, times] of Object.entries(end.counted)) count(what, times);
  }
  t.diagnostic([...seen].map(([what, times]) => `${what} ${times}`).join(', '));
  for (const what of ['published', 'refused', 'failed', 'zombiesRefused', 'losses', 'takeOvers', ...CLUSTER_FAULTS]) {
    assert.ok((seen.get(what) ?? 0) >= SEEDS / 200, `${what} happened ${seen.get(what) ?? 0} times in ${SEEDS / 2} runs: they no longer show much`);
  }
}

async function replay(t: TestContext, seed: number): Promise<void> {
  const { story, violation } = await simulateCluster(seed, { tell: true });
  for (const line of story) t.diagnostic(line);
  assert.equal(violation, null);
}

/** Thousands of errors are thrown on purpose; their stack traces would take a tenth of the time, and are there when a seed is told again. */
async function quickly<T>(work: () => Promise<T>): Promise<T> {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return await work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
