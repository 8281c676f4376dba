import { compareKilled } from '../kill-run.ts';
import type { BenchResult } from '../measure.ts';
import { tenMinutes } from '../sources.ts';

/** A ten-minute title killed ten times. `detail.cpuRatio` should not be above 1.15. */
export function run(): Promise<BenchResult> {
  return compareKilled({ name: 'crash-cost', kills: 10, seed: 7, leastMs: 1500, workers: 2, makeSource: tenMinutes, moreArguments: async () => [] });
}
