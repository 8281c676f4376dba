import { join } from 'node:path';
import type { MediaTools } from '../../src/ports/media-tools.ts';

/** Where the description of the pictures lies in the file, and what kind of file it is. */
export const DEEP_FILMS = ['start.mp4', 'end.mp4', 'film.mkv', 'film.ts'] as const;
export type DeepFilm = (typeof DEEP_FILMS)[number];

const FPS = 24;
export const GOP_FRAMES = 48;
const LIMITS = { stallMs: 120_000, wallMs: 600_000 };

/** The same noisy film (hard to code, so large) in four containers, with B frames, a key frame every two seconds and sound. */
export async function deepFilms(folder: string, seconds: number, tools: MediaTools): Promise<{ readonly [K in DeepFilm]: string }> {
  const film = (name: DeepFilm) => join(folder, name);
  const run = (args: readonly string[]) => tools.run({ tool: 'ffmpeg', args: ['-y', ...args], limits: LIMITS });
  const pictures = ['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=${FPS},noise=alls=40:allf=t+u:all_seed=7,format=yuv420p`];
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'];
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '18', '-g', String(GOP_FRAMES), '-bf', '2', '-threads', '1', '-c:a', 'aac'];
  await run([...pictures, ...sound, '-t', String(seconds), ...coding, '-video_track_timescale', '24000', film('end.mp4')]);
  await run(['-i', film('end.mp4'), '-c', 'copy', '-movflags', '+faststart', film('start.mp4')]);
  for (const name of ['film.mkv', 'film.ts'] as const) await run(['-i', film('end.mp4'), '-c', 'copy', film(name)]);
  return { 'start.mp4': film('start.mp4'), 'end.mp4': film('end.mp4'), 'film.mkv': film('film.mkv'), 'film.ts': film('film.ts') };
}

export type PicturePacket = { readonly ptsTicks: number; readonly sizeBytes: number; readonly isKey: boolean };

/** The picture packets of a file in the order they lie there, and their time base. */
export async function picturePackets(path: string, tools: MediaTools): Promise<{ den: number; num: number; packets: readonly PicturePacket[] }> {
  const parts: Uint8Array[] = [];
  const args = ['-select_streams', 'v:0', '-show_entries', 'stream=time_base:packet=pts,size,flags', '-of', 'json=c=1', path];
  await tools.run({ tool: 'ffprobe', args, outputs: { 1: (bytes) => void parts.push(Uint8Array.from(bytes)) }, limits: LIMITS });
  const { streams, packets } = JSON.parse(Buffer.concat(parts).toString('utf8'));
  const [num, den] = streams[0].time_base.split('/').map(Number);
  const seen = packets.map((packet: { pts: number; size: string; flags: string }) => ({
    ptsTicks: packet.pts,
    sizeBytes: Number(packet.size),
    isKey: packet.flags.startsWith('K'),
  }));
  return { num, den, packets: seen };
}
