import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../test/support/mangle-text.ts';
import { differingFiles, encodeWithKills, medianChunkFrames } from '../kill-run.ts';
import type { BenchResult } from '../measure.ts';
import { minuteOf2160p } from '../sources.ts';

const KILLS = 5;
const WORKERS = 2;
const RUNG = { container: 'mp4', codec: 'h264', crf: 24, preset: 'veryfast', threads: 4 } as const;
const LADDER = {
  audioKbpsPerChannel: 80,
  rungs: [
    { name: '2160p', boxPx: 2160, maxrateKbps: 24_000, bufsizeKbit: 48_000, ...RUNG },
    { name: '1080p', boxPx: 1080, maxrateKbps: 8000, bufsizeKbit: 16_000, ...RUNG },
  ],
};

/** The case the product exists for: a minute of 3840×2160, killed five times, must end with the bytes of a run left alone. */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-bench-'));
  try {
    const source = await minuteOf2160p(folder);
    const ladder = join(folder, 'ladder.json');
    await writeFile(ladder, JSON.stringify(LADDER));
    const extra = ['--workers', String(WORKERS), '--ladder', ladder];
    const calm = await encodeWithKills({ source, out: join(folder, 'calm'), state: join(folder, 'calm-state'), extra }, []);
    const random = seededRandom(4);
    const delays = Array.from({ length: KILLS }, () => 5000 + random() * ((calm.wallSeconds * 1000) / KILLS));
    const killed = await encodeWithKills({ source, out: join(folder, 'killed'), state: join(folder, 'killed-state'), extra }, delays);
    const perKill = killed.framesLostAtMost / Math.max(1, killed.kills);
    return {
      name: 'four-k',
      figure: perKill / (WORKERS * medianChunkFrames(calm.report)),
      target: 1,
      detail: {
        kills: killed.kills,
        framesLostPerKillAtMost: perKill,
        medianChunkFrames: medianChunkFrames(calm.report),
        chunks: calm.report.chunks.length,
        workers: WORKERS,
        frames: calm.report.source.frames,
        chunksEncodedTwice: killed.chunksEncodedTwice,
        differingFiles: differingFiles(calm, killed),
        cpuRatio: killed.cpuSeconds / calm.cpuSeconds,
        calmWallSeconds: calm.wallSeconds,
        killedWallSeconds: killed.wallSeconds,
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
