import { rename, rm, writeFile } from 'node:fs/promises';
import type { MediaTools } from '../../ports/media-tools.ts';
import { type DemoSize, filmGraph } from './film.ts';
import { DEMO_FPS, type DemoTruth, demoTruth } from './truth.ts';

const FULL_SIZE: DemoSize = { widthPx: 1920, heightPx: 1080, durationSeconds: 48 };
const LIMITS = { stallMs: 60_000, wallMs: 600_000 } as const;
const CAPTION_SECONDS = 4;

export type SynthesisOptions = Partial<DemoSize> & { readonly signal?: AbortSignal; readonly onFrames?: (frames: number) => void };

/**
 * Makes the demo master: H.264 pictures, sound in English and German, English subtitles, in one MP4 file, from nothing but
 * ffmpeg's own generators. Equal calls with the same ffmpeg give equal bytes. The file is there whole or not at all.
 * @param options a smaller or shorter film (even sizes, at most 48 s) for tests.
 */
export async function synthesiseMaster(path: string, tools: MediaTools, options: SynthesisOptions = {}): Promise<DemoTruth> {
  const { signal, onFrames, ...wanted } = options;
  const size = { ...FULL_SIZE, ...wanted };
  const [captionsPath, partPath] = [`${path}.srt`, `${path}.part`];
  try {
    await writeFile(captionsPath, captions(size.durationSeconds));
    await tools.run({ tool: 'ffmpeg', args: synthesisArgs(size, captionsPath, partPath), limits: LIMITS, signal, onFrames });
    await rename(partPath, path);
  } finally {
    await Promise.all([captionsPath, partPath].map((leftover) => rm(leftover, { force: true })));
  }
  return demoTruth(size.durationSeconds);
}

/** Arguments that make the master. Thread count and CPU features are fixed, for equal bytes on any machine. */
function synthesisArgs(size: DemoSize, captionsPath: string, outputPath: string): readonly string[] {
  const colour = ['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709', '-color_range', 'tv'];
  const video = ['-c:v', 'libx264', '-preset', 'superfast', '-crf', '17', '-g', '96', '-threads:v', '4', '-x264-params', 'cpu-independent=1', ...colour];
  const names = ['English', 'Deutsch'].flatMap((name, i) => [`-metadata:s:a:${i}`, `handler_name=${name}`]);
  const languages = ['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu', '-metadata:s:s:0', 'language=eng'];
  return [
    '-y',
    ...['-protocol_whitelist', 'file,pipe', '-f', 'srt', '-i', `file:${captionsPath}`],
    ...['-filter_complex', filmGraph(size, [440, 660]), '-map', '[video]', '-map', '[beepA]', '-map', '[beepB]', '-map', '0:s'],
    ...video,
    ...['-c:a', 'aac', '-b:a', '128k', '-c:s', 'mov_text', ...languages, ...names, '-disposition:a:0', 'default', '-disposition:a:1', '0'],
    ...['-metadata', 'title=Sceneline demo', '-video_track_timescale', String(DEMO_FPS * 512)],
    ...['-fflags', '+bitexact', '-flags:v', '+bitexact', '-flags:a', '+bitexact', '-movflags', '+faststart', '-f', 'mp4', `file:${outputPath}`],
  ];
}

/** SubRip text: one line every four seconds. */
export function captions(durationSeconds: number): string {
  const count = Math.floor(durationSeconds / CAPTION_SECONDS);
  const stamp = (seconds: number) => `00:00:${String(seconds).padStart(2, '0')},000`;
  const cue = (i: number) =>
    `${i + 1}\n${stamp(i * CAPTION_SECONDS + 1)} --> ${stamp(i * CAPTION_SECONDS + 3)}\nLine ${i + 1} of ${count}: flash and beep together\n`;
  return Array.from({ length: count }, (_, i) => cue(i)).join('\n');
}
