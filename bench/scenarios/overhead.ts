import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FfmpegMediaTools } from '../../src/adapters/ffmpeg/media-tools.ts';
import type { PlannedRung } from '../../src/model/ladder.ts';
import type { Report } from '../../src/model/report.ts';
import { recipeOf } from '../../src/stages/encode/video/recipe.ts';
import { type BenchResult, measure, scenelineCommand } from '../measure.ts';
import { minuteOf1080p } from '../sources.ts';

/** The same rungs by one plain ffmpeg: same scaler, same recipe but for the places of the IDR frames, sound once; threads as ffmpeg likes them, for it is alone. */
function bareArguments(sourcePath: string, rungs: readonly PlannedRung[], fps: number, audioKbps: number, folder: string): string[] {
  const split = `[0:v]split=${rungs.length}${rungs.map((_, i) => `[s${i}]`).join('')}`;
  const scales = rungs.map((rung, i) => `[s${i}]scale=${rung.widthPx}:${rung.heightPx}:flags=bicubic+accurate_rnd+bitexact,format=yuv420p[v${i}]`);
  const outputs = rungs.flatMap((rung, i) => {
    const recipe = recipeOf(rung, fps, [], 1 / fps);
    const sound = i === 0 ? ['-map', '0:a:0', '-c:a', 'aac', '-b:a', `${audioKbps}k`, '-ac', '2'] : [];
    return [
      '-map',
      `[v${i}]`,
      '-c:v',
      recipe.encoder,
      ...recipe.args.map((arg) => arg.replace('keyint=infinite', 'keyint=96').replace(':threads=1', '')),
      ...sound,
      join(folder, `${rung.name}.mp4`),
    ];
  });
  return ['-y', '-v', 'error', '-i', sourcePath, '-filter_complex', [split, ...scales].join(';'), ...outputs];
}

/** CPU of the whole `encode` against one bare ffmpeg making the same rungs, 60 s of 1080p, sound in both. */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-bench-'));
  try {
    const source = await minuteOf1080p(folder);
    const encode = await measure(scenelineCommand('encode', source, '--out', join(folder, 'title'), '--state', join(folder, 'state')));
    const report = JSON.parse(await readFile(join(folder, 'title', 'report.json'), 'utf8')) as Report;
    const rungs = report.renditions
      .filter((rendition) => rendition.recipe.picturesFrom === null)
      .map(
        (rendition) =>
          ({
            ...rendition.recipe,
            name: rendition.name,
            container: rendition.container,
            widthPx: rendition.width,
            heightPx: rendition.height,
          }) as unknown as PlannedRung,
      );
    const { abilities } = await FfmpegMediaTools.open(process.env);
    const audio = report.plan.audio[0] as { bitrateKbps: number };
    const bare = await measure([abilities.ffmpegPath, ...bareArguments(source, rungs, report.source.frames / 60, audio.bitrateKbps, folder)]);
    const cores = availableParallelism();
    return {
      name: 'overhead',
      figure: encode.cpuSeconds / bare.cpuSeconds,
      target: 1.1,
      detail: {
        cores,
        encode,
        bare,
        wallRatio: encode.wallSeconds / bare.wallSeconds,
        wallTarget: cores >= 8 ? 1 : 1.1,
        cpuSecondsByStage: report.cost.cpuSeconds,
        frames: report.source.frames,
        chunks: report.chunks.length,
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
