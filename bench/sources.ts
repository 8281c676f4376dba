import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FfmpegMediaTools } from '../src/adapters/ffmpeg/media-tools.ts';
import { synthesiseMaster } from '../src/roles/demo/synthesise-master.ts';
import { mediaPath } from '../test/support/media.ts';
import { smallFilm } from '../test/support/small-film.ts';

const LIMITS = { stallMs: 120_000, wallMs: 1_800_000 };

/** About a minute of 1080p with sound: a real film scaled up where there is one, else the demo's scenes (48 s). */
export async function minuteOf1080p(folder: string): Promise<string> {
  const path = join(folder, 'minute.mp4');
  const tools = await FfmpegMediaTools.open(process.env);
  const film = mediaPath('real/bbb-360s-to-420s-720p24.mp4');
  if (film !== null && existsSync(film)) {
    const args = [
      '-y',
      '-i',
      film,
      '-vf',
      'scale=1920:1080:flags=lanczos',
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-crf',
      '14',
      '-g',
      '48',
      '-c:a',
      'copy',
      path,
    ];
    await tools.run({ tool: 'ffmpeg', args, limits: LIMITS });
    return path;
  }
  await synthesiseMaster(path, tools);
  return path;
}

/** A minute of synthesised 3840×2160 with a cut every four seconds and sound. */
export async function minuteOf2160p(folder: string): Promise<string> {
  const path = join(folder, 'minute-2160p.mp4');
  const tools = await FfmpegMediaTools.open(process.env);
  const scenes = ['testsrc2', 'mandelbrot', 'smptehdbars', 'rgbtestsrc', 'testsrc'];
  const count = 15;
  const inputs = Array.from({ length: count }, (_, i) => ['-f', 'lavfi', '-t', '4', '-i', `${scenes[i % scenes.length]}=size=1280x720:rate=24`]).flat();
  // Small generators scaled up: making 4K with them directly takes longer than encoding it.
  const parts = Array.from({ length: count }, (_, i) => `[${i}:v]scale=3840:2160:flags=neighbor,hue=h=${i * 24},format=yuv420p,setsar=1[v${i}]`);
  const graph = `${parts.join(';')};${parts.map((_, i) => `[v${i}]`).join('')}concat=n=${count}:v=1:a=0[v]`;
  const sound = ['-f', 'lavfi', '-t', '60', '-i', 'sine=frequency=440:sample_rate=48000'];
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '18', '-g', '48', '-c:a', 'aac'];
  const args = ['-y', ...inputs, ...sound, '-filter_complex', graph, '-map', '[v]', '-map', `${count}:a`, ...coding, path];
  await tools.run({ tool: 'ffmpeg', args, limits: LIMITS });
  return path;
}

/** Ten minutes of 480 lines with many cuts: a whole real film scaled up where there is one, else synthesised scenes. */
export async function tenMinutes(folder: string): Promise<string> {
  const film = mediaPath('real/bbb-full-596s-252p24.mp4');
  const made = film === null ? await smallFilm({ seconds: 600, sceneSeconds: 5 }) : null;
  const path = join(folder, 'ten-minutes.mp4');
  const tools = await FfmpegMediaTools.open(process.env);
  const coding = ['-vf', 'scale=854:480:flags=lanczos', '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '14', '-g', '48', '-c:a', 'copy'];
  await tools.run({ tool: 'ffmpeg', args: ['-y', '-i', film ?? made!.path, ...coding, path], limits: LIMITS });
  await made?.remove();
  return path;
}

/** Lengths that differ, as a film's do: chunk borders are chosen by them before anything else. */
export const shotSeconds = (shot: number) => 2 + ((shot * 7) % 5) / 2;
const PATTERNS = ['testsrc2', 'testsrc', 'smptehdbars', 'rgbtestsrc', 'yuvtestsrc', 'pal75bars'];

/** A lossless film of shots that all differ; `replaced` names one shot that shows something else, at the same length. */
export async function losslessShots(path: string, shots: number, replaced: number | null): Promise<string> {
  const tools = await FfmpegMediaTools.open(process.env);
  const folder = `${path}.parts`;
  await mkdir(folder);
  for (let i = 0; i < shots; i++) {
    const hue = i === replaced ? 333 : (i * 37) % 360;
    const source = `${PATTERNS[(i === replaced ? i + 3 : i) % PATTERNS.length]}=size=320x180:rate=24`;
    const part = join(folder, `${i}.mkv`);
    const args = [
      '-y',
      '-f',
      'lavfi',
      '-t',
      String(shotSeconds(i)),
      '-i',
      source,
      '-vf',
      `hue=h=${hue}:b=${((i % 7) - 3) / 2},format=yuv420p`,
      '-c:v',
      'ffv1',
      '-g',
      '1',
      part,
    ];
    await tools.run({ tool: 'ffmpeg', args, limits: LIMITS });
  }
  const list = join(folder, 'list.txt');
  await writeFile(list, Array.from({ length: shots }, (_, i) => `file '${i}.mkv'\n`).join(''));
  await tools.run({ tool: 'ffmpeg', args: ['-y', '-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy', path], limits: LIMITS });
  await rm(folder, { recursive: true });
  return path;
}

/** A film of the asked length: two minutes of small scenes, repeated without encoding them again. */
export async function loopedFilm(folder: string, name: string, seconds: number): Promise<string> {
  const tools = await FfmpegMediaTools.open(process.env);
  const film = await smallFilm({ seconds: 120, sceneSeconds: 3 });
  const [tiny, path] = [join(folder, `${name}-once.mp4`), join(folder, `${name}.mp4`)];
  const scaled = ['-y', '-i', film.path, '-vf', 'scale=160:90', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '48', '-bf', '0', '-c:a', 'copy', tiny];
  await tools.run({ tool: 'ffmpeg', args: scaled, limits: LIMITS });
  await film.remove();
  await tools.run({ tool: 'ffmpeg', args: ['-y', '-stream_loop', '-1', '-i', tiny, '-t', String(seconds), '-c', 'copy', path], limits: LIMITS });
  return path;
}
