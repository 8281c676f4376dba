import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareKilled } from '../kill-run.ts';
import type { BenchResult } from '../measure.ts';
import { minuteOf2160p } from '../sources.ts';

const RUNG = { container: 'mp4', codec: 'h264', crf: 24, preset: 'veryfast' } as const;
const LADDER = {
  audioKbpsPerChannel: 80,
  rungs: [
    { name: '2160p', boxPx: 2160, maxrateKbps: 24_000, bufsizeKbit: 48_000, ...RUNG },
    { name: '1080p', boxPx: 1080, maxrateKbps: 8000, bufsizeKbit: 16_000, ...RUNG },
  ],
};

/** The case the product exists for: a minute of 3840×2160, killed five times, must end with the bytes of a run left alone. */
export function run(): Promise<BenchResult> {
  const moreArguments = async (folder: string) => {
    const ladder = join(folder, 'ladder.json');
    await writeFile(ladder, JSON.stringify(LADDER));
    return ['--ladder', ladder];
  };
  return compareKilled({ name: 'four-k', kills: 5, seed: 4, leastMs: 5000, workers: 2, makeSource: minuteOf2160p, moreArguments });
}
