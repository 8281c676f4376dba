/** What the detectors see of a frame: parts of its index record. */
export type DetectorFrame = {
  readonly ptsTicks: number;
  readonly features: Float32Array;
  /** 32×18 luma. */
  readonly picture: Uint8Array;
};

/** The first frame of a new shot. */
export type Border = { readonly frame: number; readonly ptsTicks: number };

/** The last frames of a film that streams by, by frame number. */
export class FrameWindow {
  readonly #frames: (DetectorFrame | undefined)[];
  #count: number;

  /** @param firstFrame number of the first frame that will be pushed. */
  constructor(length: number, firstFrame = 0) {
    this.#frames = new Array(length);
    this.#count = firstFrame;
  }

  /** Number of the next frame: frames so far in a film seen from its start. */
  get count(): number {
    return this.#count;
  }

  push(frame: DetectorFrame): void {
    this.#frames[this.#count % this.#frames.length] = frame;
    this.#count++;
  }

  /** Null before the film's start, behind its last frame so far, or when the frame has left the window. */
  at(frame: number): DetectorFrame | null {
    if (frame < 0 || frame >= this.#count || frame < this.#count - this.#frames.length) return null;
    return this.#frames[frame % this.#frames.length] ?? null;
  }
}
