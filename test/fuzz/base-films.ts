import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpeg } from '../support/stage-context.ts';

const PICTURES = [
  ...['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=0.6', '-f', 'lavfi', '-i', 'smptebars=size=160x90:rate=25:duration=0.6'],
  ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=1.2'],
];
const JOINED = ['-filter_complex', '[0][1]concat=n=2:v=1:a=0[v]', '-map', '[v]', '-map', '2:a', '-fflags', '+bitexact', '-flags', '+bitexact'];
const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '10', '-bf', '2', '-threads', '1', '-pix_fmt', 'yuv420p'];
const AAC = ['-c:a', 'aac', '-b:a', '64k'];
const CAPTIONS = '1\n00:00:00,100 --> 00:00:00,900\nHello & <i>goodbye</i>\n';

/** Small films of every kind that is common in deliveries: how to make each, by the name it is delivered under. */
const KINDS: { readonly [name: string]: readonly string[] } = {
  'film.mp4': [...H264, ...AAC],
  'fragmented.mp4': [...H264, ...AAC, '-movflags', '+frag_keyframe+empty_moov+default_base_moof'],
  'film.mov': ['-c:v', 'mpeg4', '-g', '10', '-c:a', 'pcm_s16le', '-timecode', '01:00:00:00'],
  'film.mkv': [...H264, '-c:a', 'libopus', '-b:a', '64k'],
  'film.ts': [...H264, '-c:a', 'ac3', '-b:a', '96k'],
  'film.avi': ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', '-c:a', 'pcm_s16le'],
  'text.mp4': [...H264, ...AAC, '-map', '3', '-c:s', 'mov_text', '-metadata', 'title=A <film>'],
};

export type BaseFilm = { readonly name: string; readonly bytes: Buffer };

/** Makes the films; 1.2 s each. */
export async function baseFilms(folder: string): Promise<BaseFilm[]> {
  const captions = join(folder, 'captions.srt');
  await writeFile(captions, CAPTIONS);
  const films: BaseFilm[] = [];
  for (const [name, options] of Object.entries(KINDS)) {
    const path = join(folder, name);
    const inputs = name === 'text.mp4' ? [...PICTURES, '-i', captions] : PICTURES;
    await ffmpeg([...inputs, ...JOINED, ...options, path]);
    films.push({ name, bytes: await readFile(path) });
  }
  return films;
}
