import type { TimeBase } from '../time.ts';
import { LineReader } from './line-reader.ts';

export type HashedFrame = {
  readonly ptsTicks: number;
  /** Of a sound frame in ticks of 1/sample rate: its samples. */
  readonly durationTicks: number;
  readonly sizeBytes: number;
  /** 16 bytes for murmur3, 4 for adler32. */
  readonly hash: Uint8Array;
};

const LONGEST_LINE = 1024;

/**
 * Reads the text of ffmpeg's `framehash` muxer (version 2) as it arrives:
 * `stream, dts, pts, duration, size, hash` per frame, `#` lines are headers.
 * Throws RangeError when a line is no frame, or when the times are in another time base than the one expected.
 */
export class FrameHashReader {
  readonly #expected: TimeBase | null;
  readonly #onFrame: (frame: HashedFrame) => void;
  readonly #lines = new LineReader((line) => this.#line(line), LONGEST_LINE);
  #timeBase: TimeBase | null = null;

  /** @param expected null: whatever the tool says. */
  constructor(expected: TimeBase | null, onFrame: (frame: HashedFrame) => void) {
    this.#expected = expected;
    this.#onFrame = onFrame;
  }

  /** What the tool says its times are in; null before it did. */
  get timeBase(): TimeBase | null {
    return this.#timeBase;
  }

  write(bytes: Uint8Array): void {
    this.#lines.write(bytes);
  }

  end(): void {
    this.#lines.end();
  }

  #line(line: string): void {
    if (line === '') return;
    if (line.startsWith('#')) this.#header(line);
    else this.#onFrame(parseFrame(line));
  }

  #header(line: string): void {
    const match = /^#tb 0: (\d{1,10})\/(\d{1,10})$/.exec(line);
    if (!match) return;
    const said = { num: Number(match[1]), den: Number(match[2]) };
    const { num, den } = this.#expected ?? said;
    if (said.num * den !== said.den * num || said.num * said.den === 0)
      throw new RangeError(`frame hashes: time base ${match[1]}/${match[2]} is not ${num}/${den}`);
    this.#timeBase = said;
  }
}

function parseFrame(line: string): HashedFrame {
  const match = /^0, *-?\d{1,16}, *(-?\d{1,16}), *(\d{1,12}), *(\d{1,12}), ((?:[0-9a-f]{8}){1,8})$/.exec(line);
  if (!match) throw new RangeError(`frame hashes: "${line.slice(0, 80)}" is not a frame`);
  const ptsTicks = Number(match[1]);
  if (!Number.isSafeInteger(ptsTicks)) throw new RangeError(`frame hashes: time ${match[1]} is out of range`);
  return { ptsTicks, durationTicks: Number(match[2]), sizeBytes: Number(match[3]), hash: Buffer.from(match[4], 'hex') };
}
