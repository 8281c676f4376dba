import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FfmpegMediaTools } from '../../src/adapters/ffmpeg/media-tools.ts';

export type SmallFilm = { readonly path: string; remove(): Promise<void> };

const SIZE = '320x180';
const HUE_STEP = 37;
/** Pictures so different that every change is a cut. What is drawn by chance has a seed. */
const SCENES = [
  'testsrc2',
  'smptehdbars',
  'mandelbrot',
  'rgbtestsrc',
  'life=mold=10:r=24:ratio=0.2:seed=7',
  'yuvtestsrc',
  'testsrc',
  'cellauto=rule=110:seed=7',
];

export type SmallFilmOrder = { readonly seconds: number; readonly sceneSeconds?: number; readonly lastScene?: string; readonly isColourful?: boolean };

/**
 * A film with a cut about every 2.5 seconds, a tone, and 24 frames a second; the same bytes every time. `lastScene` ends it with another picture.
 * The scenes come round again, so chunks do as well, and are then made once only; `isColourful`: each time in other colours.
 */
export async function smallFilm({ seconds, sceneSeconds = 2.5, lastScene, isColourful = false }: SmallFilmOrder): Promise<SmallFilm> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-film-'));
  const path = join(folder, 'film.mp4');
  const tools = await FfmpegMediaTools.open(process.env);
  const count = Math.ceil(seconds / sceneSeconds);
  const inputs = Array.from({ length: count }, (_, i) => {
    const scene = i === count - 1 && lastScene ? lastScene : SCENES[i % SCENES.length];
    const options = `${scene}${scene.includes('=') ? ':' : '='}size=${SIZE}${scene.includes('r=24') ? '' : ':rate=24'}`;
    return ['-f', 'lavfi', '-t', String(sceneSeconds), '-i', options];
  });
  const joined = `${inputs.map((_, i) => `[${i}:v]format=yuv420p,${isColourful ? `hue=h=${(i * HUE_STEP) % 360},` : ''}setsar=1[v${i}]`).join(';')};${inputs.map((_, i) => `[v${i}]`).join('')}concat=n=${count}:v=1:a=0[v]`;
  await tools.run({
    tool: 'ffmpeg',
    args: [
      '-y',
      ...inputs.flat(),
      ...['-f', 'lavfi', '-t', String(count * sceneSeconds), '-i', 'sine=frequency=440:sample_rate=48000'],
      ...['-filter_complex', joined, '-map', '[v]', '-map', `${count}:a`, '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '16', '-g', '48', '-threads', '1'],
      ...['-c:a', 'aac', '-b:a', '96k', '-fflags', '+bitexact', '-flags', '+bitexact', path],
    ],
    limits: { stallMs: 60_000, wallMs: 120_000 },
  });
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
