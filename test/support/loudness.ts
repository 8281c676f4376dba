import { parseLoudness } from '../../src/stages/inspect/loudness.ts';
import { mediaTools } from './stage-context.ts';

/** Integrated loudness of a file's sound by the tool's own meter, LUFS. */
export async function loudness(path: string): Promise<number> {
  const run = await (await mediaTools()).run({
    tool: 'ffmpeg',
    args: ['-i', path, '-af', 'ebur128', '-f', 'null', '-'],
    limits: { stallMs: 60_000, wallMs: 60_000 },
  });
  return parseLoudness(run.log).loudnessLufs!;
}
