/** Compares what the decoder delivered with the frame index while the process still runs. */
export type ExpectedFrame = {
  readonly ptsTicks: number;
  readonly hash: Uint8Array;
  /** The decoder reports errors in it, so it may not give the same picture twice. */
  readonly isDamaged: boolean;
};

export type FirstDifference = { readonly position: number; readonly reason: string };

const LONGEST_LINE_BYTES = 4096;

/**
 * Reads the text of ffmpeg's `framehash` muxer piece by piece: `stream, dts, pts, duration, size, hash` per frame, `#` lines are headers.
 * `difference` is the first place where the decoded frames are not the expected ones.
 */
export class DecodedFrameCheck {
  readonly #expected: readonly ExpectedFrame[];
  readonly #toleratesDamage: boolean;
  #pending = '';
  #position = 0;
  #difference: FirstDifference | null = null;

  /** @param toleratesDamage a damaged picture may be another one than in the index, at its own time: when the source was entered at its beginning, nothing better can be had. */
  constructor(expected: readonly ExpectedFrame[], toleratesDamage: boolean) {
    this.#expected = expected;
    this.#toleratesDamage = toleratesDamage;
  }

  get framesSeen(): number {
    return this.#position;
  }

  /** Takes output as it arrives. Returns false as soon as a difference is known. */
  push(bytes: Uint8Array): boolean {
    const lines = (this.#pending + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')).split('\n');
    this.#pending = lines.pop() ?? '';
    if (this.#pending.length > LONGEST_LINE_BYTES) this.#differ('a line without end');
    for (const line of lines) {
      if (line !== '' && !line.startsWith('#')) this.#line(line);
    }
    return this.#difference === null;
  }

  /** To be called when the process ended; null when every expected frame came, in order, and nothing else. */
  finish(): FirstDifference | null {
    if (this.#difference === null && this.#position !== this.#expected.length) {
      this.#differ(`${this.#position} frames decoded instead of ${this.#expected.length}`);
    }
    return this.#difference;
  }

  #line(line: string): void {
    const fields = line.split(',');
    const expected = this.#expected[this.#position];
    if (fields.length < 6) this.#differ('a line that is not a frame');
    else if (expected === undefined) this.#differ('more frames than expected');
    else if (Number(fields[2].trim()) !== expected.ptsTicks) this.#differ(`time ${fields[2].trim()} instead of ${expected.ptsTicks}`);
    else if (!(this.#toleratesDamage && expected.isDamaged) && fields[5].trim() !== Buffer.from(expected.hash).toString('hex'))
      this.#differ('other picture than the index has');
    this.#position++;
  }

  #differ(reason: string): void {
    this.#difference ??= { position: this.#position, reason };
  }
}
