import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLANTED_CLUSTER_BUGS } from './planted-cluster-bugs.ts';
import { simulateCluster } from './simulate-cluster.ts';

const SEEDS = 300;

for (const bug of PLANTED_CLUSTER_BUGS) {
  test(`noticed in the cluster: ${bug.name}`, async (t) => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { violation } = await simulateCluster(seed, { bug, adjust: bug.adjust });
      if (violation === null) continue;
      t.diagnostic(`seed ${seed}: ${violation}`);
      return;
    }
    assert.fail(`not noticed in ${SEEDS} runs`);
  });
}
