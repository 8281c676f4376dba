import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchResult, measure, scenelineCommand } from '../measure.ts';
import { loopedFilm } from '../sources.ts';

const LADDER = {
  audioKbpsPerChannel: 64,
  rungs: [{ name: '480p', container: 'mp4', codec: 'h264', boxPx: 480, crf: 30, maxrateKbps: 1000, bufsizeKbit: 2000, preset: 'ultrafast' }],
};

/** Peak memory of our own process over three hours of 160×90 against five minutes of it. Not for CI: it takes minutes. */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-bench-'));
  try {
    const ladder = join(folder, 'ladder.json');
    await writeFile(ladder, JSON.stringify(LADDER));
    const encode = async (name: string, seconds: number) => {
      const source = await loopedFilm(folder, name, seconds);
      return measure(
        scenelineCommand('encode', source, '--out', join(folder, name), '--state', join(folder, `${name}-state`), '--ladder', ladder, '--workers', '2'),
      );
    };
    const short = await encode('five-minutes', 300);
    const long = await encode('three-hours', 3 * 3600);
    return { name: 'memory', figure: long.peakRssBytes / short.peakRssBytes, target: 1.2, detail: { short, long } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
