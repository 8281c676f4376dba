const MARKER = 0xff;
const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const LARGEST_BYTES = 4 * 1024 * 1024;

/**
 * Cuts a stream of JPEG pictures, one after the other, into pictures (ITU-T T.81 annex B).
 * Throws RangeError when the bytes are no JPEG or a picture is larger than 4 MiB.
 */
export class JpegSplitter {
  readonly #onPicture: (jpeg: Uint8Array) => void;
  #bytes: Buffer = Buffer.alloc(0);
  /** How far the picture at the start of `#bytes` has been read. */
  #at = 0;
  #inScan = false;

  constructor(onPicture: (jpeg: Uint8Array) => void) {
    this.#onPicture = onPicture;
  }

  write(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    while (this.#step());
    if (this.#bytes.length > LARGEST_BYTES) throw new RangeError(`JPEG: a picture is larger than ${LARGEST_BYTES} bytes`);
  }

  /** Throws RangeError when the stream ends inside a picture. */
  end(): void {
    if (this.#bytes.length > 0) throw new RangeError('JPEG: the last picture has no end');
  }

  /** Reads one marker segment or to the end of a scan. False: more bytes are needed. */
  #step(): boolean {
    if (this.#inScan) return this.#readScan();
    const bytes = this.#bytes;
    if (bytes.length < this.#at + 2) return false;
    const marker = bytes[this.#at + 1];
    const isFirst = this.#at === 0;
    if (bytes[this.#at] !== MARKER || (marker === START_OF_IMAGE) !== isFirst) throw new RangeError('JPEG: a marker is missing');
    if (isFirst) this.#at = 2;
    else if (marker === END_OF_IMAGE) this.#emit(this.#at + 2);
    else {
      if (bytes.length < this.#at + 4) return false;
      const length = bytes.readUInt16BE(this.#at + 2);
      if (length < 2) throw new RangeError('JPEG: a segment is too short');
      this.#at += 2 + length;
      this.#inScan = marker === START_OF_SCAN;
    }
    return true;
  }

  /** Entropy-coded bytes: a marker byte is followed by zero or a restart number, else it ends the scan. */
  #readScan(): boolean {
    const bytes = this.#bytes;
    for (let at = bytes.indexOf(MARKER, this.#at); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(MARKER, this.#at)) {
      const next = bytes[at + 1];
      if (next !== 0 && next !== MARKER && (next < 0xd0 || next > 0xd7)) {
        this.#at = at;
        this.#inScan = false;
        return true;
      }
      this.#at = at + (next === MARKER ? 1 : 2);
    }
    return false;
  }

  #emit(length: number): void {
    this.#onPicture(Uint8Array.from(this.#bytes.subarray(0, length)));
    this.#bytes = this.#bytes.subarray(length);
    this.#at = 0;
  }
}
