import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterPlace } from '../../test/cluster/cluster-place.ts';
import { cpuBetween, type ProcessCpu, processCpu } from '../cluster/process-cpu.ts';
import { reportOf, succeed, untilThere } from '../cluster/running-cluster.ts';
import type { BenchResult } from '../measure.ts';
import { minuteOf1080p } from '../sources.ts';

const WORKERS = 2;

/**
 * CPU of our processes themselves (control and workers, not what they start) against the CPU of the media processes they started, for the same minute of 1080p as in `overhead`, with the default
 * ladder, from the submission to the published title. What the processes took before they were at work is in `detail`, and in no ratio.
 */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-bench-'));
  const [place, source] = await Promise.all([ClusterPlace.start(), minuteOf1080p(folder)]);
  try {
    const roles = ['control', ...Array.from({ length: WORKERS }, () => 'worker')] as ('control' | 'worker')[];
    const processes: { role: string; pid: number }[] = [];
    for (const role of roles) {
      const run = place.start(role === 'worker' ? ['worker', '--slots', '1'] : ['control']);
      await untilThere(run, role);
      processes.push({ role, pid: run.child.pid! });
    }
    const atStart = processes.map(({ pid }) => processCpu(pid));
    const startedMs = performance.now();
    await succeed(place, ['submit', source, '--title', 'film', '--wait', '--json']);
    const wallSeconds = (performance.now() - startedMs) / 1000;
    const spent = processes.map(({ pid }, i) => cpuBetween(atStart[i], processCpu(pid)));
    const report = await reportOf(place, 'film');
    const own = sumOf(spent, 'own');
    const media = sumOf(spent, 'children');
    return {
      name: 'cluster-overhead',
      figure: own / media,
      target: 0.03,
      detail: {
        ownCpuSeconds: own,
        mediaCpuSeconds: media,
        wallSeconds,
        ownCpuSecondsByProcess: spent.map(({ own: seconds }, i) => ({ role: processes[i].role, seconds })),
        startUpCpuSecondsByProcess: atStart.map(({ own: seconds }, i) => ({ role: processes[i].role, seconds })),
        frames: report.source.frames,
        chunks: report.chunks.length,
        workers: WORKERS,
      },
    };
  } finally {
    await place.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function sumOf(all: readonly ProcessCpu[], what: keyof ProcessCpu): number {
  return all.reduce((sum, cpu) => sum + cpu[what], 0);
}
