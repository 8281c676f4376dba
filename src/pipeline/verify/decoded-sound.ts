import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { LINES_TOGETHER } from '../../model/media-output.ts';
import { DECODING_LIMITS } from '../../stages/inspect/limits.ts';
import { FrameLineReader } from './frame-lines.ts';
import type { VerifyWorld } from './master-pictures.ts';
import { COMPARE_RATE } from './sound-offset.ts';

/** Times are the container's own rounding when they are off by no more than this; beyond it sound is missing or doubled. */
const GAP_SECONDS = 0.02;
const MAX_PIECES = 10_000;
const FIRST_FREE_FD = 3;

/** What to decode: which stream, and how its channels become one. */
export type SoundRequest = {
  /** ffmpeg's stream specifier, e.g. `0:1` or `0:a:0`. */
  readonly stream: string;
  readonly channels: number;
  /** False: an even mix, as where the other side has other channels; true: every channel with a weight of its own, so that exchanged ones are noticed. */
  readonly byChannel: boolean;
  /** Leaves out what is before time zero: ffmpeg does not look at the edit list of a fragmented file, which hides the priming. Others hold that list to the plan. */
  readonly fromZero?: boolean;
  /** What a gap is at least, where times are not rounded by a container. */
  readonly gapSeconds?: number;
};

/** A stretch of decoded sound without a gap. */
export type SoundPiece = { readonly startSeconds: number; readonly firstSample: number };

/** One decoded audio track: how much of it, when, and its sound as one channel in a file. */
export type DecodedSound = {
  readonly sampleRate: number;
  readonly sampleCount: number;
  /** Ascending; times as the file has them. */
  readonly pieces: readonly SoundPiece[];
  readonly path: string;
};

/** Decodes audio tracks of one file in one process. `inputArgs` end with the input. Throws SL-301, and RangeError for a track without sound or with endless gaps. */
export async function decodeSound(
  input: { readonly inputArgs: readonly string[]; readonly requests: readonly SoundRequest[]; readonly name: string },
  { tools, scratchDir, signal }: VerifyWorld,
): Promise<{ sounds: DecodedSound[]; errorLines: readonly string[] }> {
  const outputs = input.requests.map((request, i) => ({
    request,
    path: join(scratchDir, `${input.name}-${i}.pcm`),
    listing: new SoundListing(request.gapSeconds),
  }));
  const run = await tools.run({
    tool: 'ffmpeg',
    args: soundArguments(input.inputArgs, outputs),
    cwd: scratchDir,
    outputs: Object.fromEntries(outputs.map(({ listing }, i) => [FIRST_FREE_FD + i, (bytes: Uint8Array) => listing.push(bytes)])),
    limits: DECODING_LIMITS,
    signal,
  });
  return { sounds: outputs.map(({ listing, path }) => ({ ...listing.finish(), path })), errorLines: run.errorLines };
}

/** For each track: the times of its samples, and its sound at the rate of comparison. */
function soundArguments(inputArgs: readonly string[], outputs: readonly { readonly request: SoundRequest; readonly path: string }[]): string[] {
  const each = outputs.flatMap(({ request, path }, i) => [
    ...['-map', request.stream, ...(request.fromZero ? ['-af', FROM_ZERO] : []), '-c:a', 'pcm_s16le', '-f', 'framehash', '-hash', 'crc32', ...LINES_TOGETHER],
    `pipe:${FIRST_FREE_FD + i}`,
    ...[
      '-map',
      request.stream,
      '-af',
      request.fromZero ? `${FROM_ZERO},${mixFilter(request)}` : mixFilter(request),
      '-c:a',
      'pcm_s16le',
      '-ac',
      '1',
      '-ar',
      String(COMPARE_RATE),
      '-f',
      's16le',
      path,
    ],
  ]);
  return ['-y', '-copyts', ...inputArgs, '-vn', '-sn', '-dn', ...each];
}

const FROM_ZERO = 'atrim=start_pts=0';

function mixFilter({ channels, byChannel }: SoundRequest): string {
  if (!byChannel) return `aresample=${COMPARE_RATE}`;
  const weights = Array.from({ length: channels }, (_, c) => `${(0.8 / channels / (1 + 0.35 * c)).toFixed(4)}*c${c}`);
  return `pan=mono|c0=${weights.join('+')},aresample=${COMPARE_RATE}`;
}

/** Learns from a frame list where sound lies. */
class SoundListing {
  readonly #pieces: SoundPiece[] = [];
  #sampleCount = 0;
  readonly #gapSeconds: number;
  readonly #lines = new FrameLineReader(({ ptsTicks, durationTicks }) => this.#frame(ptsTicks, durationTicks));

  constructor(gapSeconds = GAP_SECONDS) {
    this.#gapSeconds = gapSeconds;
  }

  push(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  finish(): { sampleRate: number; sampleCount: number; pieces: readonly SoundPiece[] } {
    const base = this.#lines.timeBase;
    if (base === null || this.#sampleCount === 0) throw new RangeError('no sound could be decoded');
    return { sampleRate: base.den / base.num, sampleCount: this.#sampleCount, pieces: this.#pieces };
  }

  /** The time base of decoded sound is its sampling rate, so durations are sample counts. */
  #frame(ptsTicks: number, durationTicks: number): void {
    const base = this.#lines.timeBase;
    if (base === null || base.num !== 1) throw new RangeError('sound has no sampling rate');
    const startSeconds = ptsTicks / base.den;
    const last = this.#pieces.at(-1);
    const expectedSeconds = last && last.startSeconds + (this.#sampleCount - last.firstSample) / base.den;
    if (expectedSeconds === undefined || Math.abs(startSeconds - expectedSeconds) > this.#gapSeconds) {
      if (this.#pieces.length === MAX_PIECES) throw new RangeError(`sound has more than ${MAX_PIECES} gaps`);
      this.#pieces.push({ startSeconds, firstSample: this.#sampleCount });
    }
    this.#sampleCount += durationTicks;
  }
}

/** Time at which a track's last sample ends, on its own clock. */
export function soundEndSeconds({ pieces, sampleCount, sampleRate }: DecodedSound): number {
  const last = pieces[pieces.length - 1];
  return last.startSeconds + (sampleCount - last.firstSample) / sampleRate;
}

/** The sample, at the rate of comparison, that is heard at a time; null in a gap, before the first and after the last, or when `samples` from there on cross a gap. */
export function sampleAt(sound: DecodedSound, seconds: number, samples: number): number | null {
  const { pieces, sampleCount, sampleRate } = sound;
  const index = pieces.findLastIndex((piece) => piece.startSeconds <= seconds);
  if (index < 0) return null;
  const endSample = pieces[index + 1]?.firstSample ?? sampleCount;
  const sample = pieces[index].firstSample + (seconds - pieces[index].startSeconds) * sampleRate;
  const isWhole = sample + (samples * sampleRate) / COMPARE_RATE <= endSample;
  return isWhole ? Math.round((sample * COMPARE_RATE) / sampleRate) : null;
}

/** Reads windows of a decoded track; `close` must follow. */
export class SoundFile {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(sound: DecodedSound): Promise<SoundFile> {
    return new SoundFile(await open(sound.path, 'r'));
  }

  /** Samples from `start` on, full scale 1; zeros before the first and after the last. */
  async window(start: number, count: number): Promise<Float32Array> {
    const bytes = Buffer.alloc(2 * count);
    const skipped = Math.min(count, Math.max(0, -start));
    await this.#file.read(bytes, 2 * skipped, bytes.byteLength - 2 * skipped, 2 * (start + skipped));
    return Float32Array.from({ length: count }, (_, i) => bytes.readInt16LE(2 * i) / 32_768);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
