import { SystemClock } from '../../src/adapters/embedded/system-clock.ts';
import { CassandraService } from '../../test/services/cassandra.ts';
import { openSite, type Site } from '../cluster/scale-site.ts';
import type { BenchResult } from '../measure.ts';
import { percentile } from '../percentile.ts';

/** Live titles besides the one at hand, and chunks of it that are done. */
const SITES = [
  { name: 'one', otherTitles: 0, doneChunks: 0 },
  { name: 'hundred', otherTitles: 99, doneChunks: 0 },
  { name: 'tenThousand', otherTitles: 9999, doneChunks: 0 },
  { name: 'longTitle', otherTitles: 0, doneChunks: 19_936 },
];
const BATCHES = 6;
const WARM_UP = 1;
const JOBS_PER_BATCH = 40;
const DECISIONS = 40;

type Measured = { readonly cpuMsPerJob: number; readonly wallMsPerJob: number; readonly tripsPerJob: number };

/**
 * What a job and what a decision cost at 1, 100 and 10,000 live titles, and in a title of 20,000 chunks × 8 rungs, each rung a job of its own; beside a real database,
 * with control's own loop, and workers that do nothing. The sites take turns, so that a busy moment of the machine touches all.
 */
export async function run(): Promise<BenchResult> {
  const service = await CassandraService.start();
  const sites: Site[] = [];
  try {
    for (const site of SITES) sites.push(await openSite(service, site, new SystemClock()));
    const batches = sites.map((): Measured[] => []);
    for (let batch = 0; batch < BATCHES; batch++) {
      for (const [i, site] of sites.entries()) {
        const measured = await measureBatch(site);
        if (batch >= WARM_UP) batches[i].push(measured);
      }
    }
    for (const site of sites) await site.stopSteering();
    const decisions = sites.map((): number[] => []);
    for (let n = 0; n < DECISIONS; n++) for (const [i, site] of sites.entries()) decisions[i].push(await site.decide());
    return scaleResult(sites, batches, decisions);
  } finally {
    for (const site of sites) await site.close();
    await service.stop();
  }
}

async function measureBatch(site: Site): Promise<Measured> {
  const [tripsBefore, cpuBefore, startedMs] = [site.trips(), process.cpuUsage(), performance.now()];
  await site.doJobs(JOBS_PER_BATCH);
  const cpu = process.cpuUsage(cpuBefore);
  return {
    cpuMsPerJob: (cpu.user + cpu.system) / 1000 / JOBS_PER_BATCH,
    wallMsPerJob: (performance.now() - startedMs) / JOBS_PER_BATCH,
    tripsPerJob: (site.trips() - tripsBefore) / JOBS_PER_BATCH,
  };
}

function scaleResult(sites: readonly Site[], batches: readonly Measured[][], decisions: readonly number[][]): BenchResult {
  const medianOf = (i: number, what: keyof Measured) =>
    percentile(
      batches[i].map((batch) => batch[what]),
      0.5,
    );
  const costs = sites.map((site, i) => ({
    site: site.name,
    cpuMsPerJob: medianOf(i, 'cpuMsPerJob'),
    wallMsPerJob: medianOf(i, 'wallMsPerJob'),
    tripsPerJob: medianOf(i, 'tripsPerJob'),
    decisionMs: percentile(decisions[i], 0.5),
    firstSweepSeconds: site.firstSweepSeconds,
    roundCpuSeconds: site.roundCpuSeconds,
  }));
  const growth = (['cpuMsPerJob', 'wallMsPerJob', 'tripsPerJob', 'decisionMs'] as const).map((what) => ({
    what,
    ratios: costs.map((cost) => cost[what] / costs[0][what]),
  }));
  return { name: 'scale', figure: Math.max(...growth.flatMap(({ ratios }) => ratios)), target: 1.5, detail: { costs, growth, jobsPerBatch: JOBS_PER_BATCH } };
}
