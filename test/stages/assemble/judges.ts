import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Film, Studio } from './film.ts';

export type Packet = { readonly pts: number; readonly dts: number; readonly durationTicks: number; readonly isKey: boolean };

/** Packets of one stream as ffprobe sees them, edit lists applied. */
export function packetsOf(studio: Studio, path: string, stream: string): Packet[] {
  const listing = studio.run('ffprobe', ['-select_streams', stream, '-show_entries', 'packet=pts,dts,duration,flags', '-of', 'json', path]).toString();
  const { packets } = JSON.parse(listing) as { packets: { pts: number; dts: number; duration: number; flags: string }[] };
  return packets.map(({ pts, dts, duration, flags }) => ({ pts, dts, durationTicks: duration, isKey: flags.includes('K') }));
}

export function probe(
  studio: Studio,
  path: string,
): { streams: Record<string, unknown>[]; chapters: Record<string, unknown>[]; format: Record<string, unknown> } {
  return JSON.parse(studio.run('ffprobe', ['-show_streams', '-show_chapters', '-show_format', '-of', 'json', path]).toString());
}

/** Hash of every decoded picture, in order. */
export function pictureHashes(studio: Studio, path: string): string[] {
  const listing = studio.run('ffmpeg', ['-i', path, '-map', '0:v:0', '-fps_mode', 'passthrough', '-f', 'framemd5', '-']).toString();
  return listing
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',')[5].trim());
}

/** Decoded samples of the first channel. */
export function soundOf(studio: Studio, path: string, stream: string): Float32Array {
  const bytes = studio.run('ffmpeg', ['-i', path, '-map', stream, '-af', 'pan=mono|c0=c0', '-f', 'f32le', '-']);
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

/** How many samples the sound comes late against the tone it was made of: the place of the best match. */
export function delayOf(sound: Float32Array, beepSample: number, sampleRate: number): number {
  let best = { delay: 0, match: Number.NEGATIVE_INFINITY };
  for (let delay = -1100; delay <= 1100; delay++) {
    let match = 0;
    for (let i = 0; i < 9600; i++) match += (sound[beepSample + delay + i] ?? 0) * Math.sin((2 * Math.PI * 997 * (beepSample + i)) / sampleRate);
    if (match > best.match) best = { delay, match };
  }
  return best.delay;
}

/** What shaka-packager says about a file, or an exception when it cannot read it. */
export function packagerInfo(path: string, stream: string): string {
  const program = join(import.meta.dirname, '../../../node_modules/shaka-packager/bin', `packager-linux-${process.arch}`);
  return execFileSync(program, [`in=${path},stream=${stream}`, '--dump_stream_info', '--quiet'], { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
}

/** Presentation time of every frame on the title's timeline, ticks of the track. */
export function wantedTimes(film: Film): number[] {
  const { plan, ptsTicks } = film;
  return Array.from(ptsTicks, (ticks) => (ticks - ptsTicks[0] + plan.videoStartTicks) * plan.timeBase.num);
}
