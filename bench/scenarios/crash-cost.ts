import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../test/support/mangle-text.ts';
import { differingFiles, encodeWithKills, medianChunkFrames } from '../kill-run.ts';
import type { BenchResult } from '../measure.ts';
import { tenMinutes } from '../sources.ts';

const KILLS = 10;
const WORKERS = 2;

/** A ten-minute title killed ten times at random moments against the same title left alone. */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-bench-'));
  try {
    const source = await tenMinutes(folder);
    const extra = ['--workers', String(WORKERS)];
    const calm = await encodeWithKills({ source, out: join(folder, 'calm'), state: join(folder, 'calm-state'), extra }, []);
    const random = seededRandom(7);
    // Enough time between two kills that the title gets somewhere, little enough that all of them hit it.
    const delays = Array.from({ length: KILLS }, () => 1500 + random() * ((calm.wallSeconds * 1000) / KILLS));
    const killed = await encodeWithKills({ source, out: join(folder, 'killed'), state: join(folder, 'killed-state'), extra }, delays);
    const perKill = killed.framesLostAtMost / Math.max(1, killed.kills);
    return {
      name: 'crash-cost',
      figure: perKill / (WORKERS * medianChunkFrames(calm.report)),
      target: 1,
      detail: {
        kills: killed.kills,
        framesLostPerKillAtMost: perKill,
        medianChunkFrames: medianChunkFrames(calm.report),
        workers: WORKERS,
        cpuRatio: killed.cpuSeconds / calm.cpuSeconds,
        cpuRatioTarget: 1.15,
        chunksEncodedTwice: killed.chunksEncodedTwice,
        differingFiles: differingFiles(calm, killed),
        frames: calm.report.source.frames,
        calmCpuSeconds: calm.cpuSeconds,
        killedCpuSeconds: killed.cpuSeconds,
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
