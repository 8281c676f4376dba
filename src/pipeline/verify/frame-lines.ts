import type { TimeBase } from '../../media/time.ts';

export type FrameLine = { readonly ptsTicks: number; readonly durationTicks: number; readonly crc32: number };

const LONGEST_LINE_BYTES = 4096;

/**
 * Reads the text of ffmpeg's `framehash` muxer with CRC-32 piece by piece: `stream, dts, pts, duration, size, hash` for each frame, and the time base from its head.
 * `push` throws RangeError on anything else.
 */
export class FrameLineReader {
  readonly #onFrame: (line: FrameLine) => void;
  #pending = '';
  #timeBase: TimeBase | null = null;

  constructor(onFrame: (line: FrameLine) => void) {
    this.#onFrame = onFrame;
  }

  /** Null before the head was read. */
  get timeBase(): TimeBase | null {
    return this.#timeBase;
  }

  push(bytes: Uint8Array): void {
    const lines = (this.#pending + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')).split('\n');
    this.#pending = lines.pop() ?? '';
    if (this.#pending.length > LONGEST_LINE_BYTES) throw new RangeError('frame list: a line without end');
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    const head = /^#tb 0: (\d{1,10})\/(\d{1,10})$/.exec(line);
    if (head) this.#timeBase = { num: Number(head[1]), den: Number(head[2]) };
    if (line === '' || line.startsWith('#')) return;
    const fields = /^\d+, *-?\d+, *(-?\d+), *(\d+), *\d+, *([0-9a-f]{1,8})$/.exec(line);
    if (!fields) throw new RangeError(`frame list: ${JSON.stringify(line.slice(0, 80))} is not a frame`);
    this.#onFrame({ ptsTicks: Number(fields[1]), durationTicks: Number(fields[2]), crc32: Number.parseInt(fields[3], 16) });
  }
}

/** Numbers that are only ever added to: eight bytes each. */
export class NumberList {
  #values = new Float64Array(1024);
  #count = 0;

  push(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = value;
  }

  get length(): number {
    return this.#count;
  }

  toArray(): Float64Array {
    return this.#values.slice(0, this.#count);
  }
}
