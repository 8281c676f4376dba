import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpeg } from '../support/stage-context.ts';

/** A second of pictures and sound with a cut in it, as an MP4 file with its index at the end, or another kind by its ending. */
export async function tinyFilm(folder: string, ending = 'mp4', options: readonly string[] = []): Promise<Buffer> {
  const path = join(folder, `tiny.${ending}`);
  await ffmpeg([
    ...['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=0.6', '-f', 'lavfi', '-i', 'smptebars=size=160x90:rate=25:duration=0.6'],
    ...[
      '-f',
      'lavfi',
      '-i',
      'sine=frequency=440:sample_rate=48000:duration=1.2',
      '-filter_complex',
      '[0][1]concat=n=2:v=1:a=0[v]',
      '-map',
      '[v]',
      '-map',
      '2:a',
    ],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-threads', '1', '-c:a', 'aac', '-b:a', '64k', '-fflags', '+bitexact', '-flags', '+bitexact'],
    ...options,
    path,
  ]);
  return readFile(path);
}
