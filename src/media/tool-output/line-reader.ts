/**
 * Cuts a byte stream of ASCII text into lines, in bounded memory.
 * Throws RangeError when a line is longer than `maxBytes`.
 */
export class LineReader {
  readonly #onLine: (line: string) => void;
  readonly #maxBytes: number;
  #rest = '';

  constructor(onLine: (line: string) => void, maxBytes = 4096) {
    this.#onLine = onLine;
    this.#maxBytes = maxBytes;
  }

  write(bytes: Uint8Array): void {
    const text = this.#rest + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#emit(text.slice(from, end));
      from = end + 1;
    }
    this.#rest = text.slice(from);
    if (this.#rest.length > this.#maxBytes) throw new RangeError(`a line is longer than ${this.#maxBytes} bytes`);
  }

  end(): void {
    if (this.#rest !== '') this.#emit(this.#rest);
    this.#rest = '';
  }

  #emit(line: string): void {
    if (line.length > this.#maxBytes) throw new RangeError(`a line is longer than ${this.#maxBytes} bytes`);
    this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
  }
}
