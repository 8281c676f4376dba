/** Cuts a byte stream into pictures of one size. What `onPicture` gets is only good inside the call. */
export class PictureSplitter {
  readonly #size: number;
  readonly #onPicture: (picture: Uint8Array) => void;
  readonly #partial: Uint8Array;
  #filled = 0;

  constructor(sizeBytes: number, onPicture: (picture: Uint8Array) => void) {
    this.#size = sizeBytes;
    this.#onPicture = onPicture;
    this.#partial = new Uint8Array(sizeBytes);
  }

  write(bytes: Uint8Array): void {
    let at = 0;
    if (this.#filled > 0) {
      at = Math.min(bytes.length, this.#size - this.#filled);
      this.#partial.set(bytes.subarray(0, at), this.#filled);
      this.#filled += at;
      if (this.#filled < this.#size) return;
      this.#filled = 0;
      this.#onPicture(this.#partial);
    }
    for (; at + this.#size <= bytes.length; at += this.#size) this.#onPicture(bytes.subarray(at, at + this.#size));
    this.#partial.set(bytes.subarray(at));
    this.#filled = bytes.length - at;
  }

  /** Throws RangeError when the stream ends inside a picture. */
  end(): void {
    if (this.#filled > 0) throw new RangeError(`pictures: the last one has ${this.#filled} of ${this.#size} bytes`);
  }
}
