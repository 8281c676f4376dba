import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../../src/model/report.ts';
import { type BenchResult, measure, scenelineCommand } from '../measure.ts';
import { losslessShots, shotSeconds } from '../sources.ts';

const SHOTS = 120;
const REPLACED = 60;
const FPS = 24;
const LADDER = {
  audioKbpsPerChannel: 64,
  rungs: [{ name: '480p', container: 'mp4', codec: 'h264', boxPx: 480, crf: 28, maxrateKbps: 2000, bufsizeKbit: 4000, preset: 'ultrafast' }],
};

/** A lossless master delivered again with one shot replaced: only the chunks that the shot touches may be encoded. */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-bench-'));
  try {
    const ladder = join(folder, 'ladder.json');
    await writeFile(ladder, JSON.stringify(LADDER));
    const encode = async (name: string, replaced: number | null): Promise<Report> => {
      const source = await losslessShots(join(folder, `${name}.mkv`), SHOTS, replaced);
      const out = join(folder, name);
      await measure(scenelineCommand('encode', source, '--out', out, '--state', join(folder, 'state'), '--ladder', ladder));
      return JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as Report;
    };
    const first = await encode('first', null);
    const second = await encode('second', REPLACED);
    const from = Array.from({ length: REPLACED }, (_, i) => shotSeconds(i) * FPS).reduce((sum, frames) => sum + frames, 0);
    const to = from + shotSeconds(REPLACED) * FPS;
    const touches = (chunk: Report['chunks'][number]) => chunk.startFrame < to && chunk.endFrameExclusive > from;
    const touched = new Map([...first.chunks, ...second.chunks].filter(touches).map((chunk) => [`${chunk.startFrame}-${chunk.endFrameExclusive}`, chunk]));
    const [start, end] = [Math.min(...[...touched.values()].map((c) => c.startFrame)), Math.max(...[...touched.values()].map((c) => c.endFrameExclusive))];
    return {
      name: 'redelivery',
      figure: second.cost.framesEncoded / (end - start),
      target: 1,
      detail: {
        frames: second.source.frames,
        framesEncoded: second.cost.framesEncoded,
        framesReused: second.cost.framesReused,
        framesOfTouchedChunks: end - start,
        chunks: second.chunks.length,
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
