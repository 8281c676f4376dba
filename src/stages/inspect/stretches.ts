import { type TimeBase, ticksToSeconds } from '../../media/time.ts';
import type { FrameStretch } from '../../model/inspection.ts';
import { FEATURE } from './shots/features.ts';
import type { DetectorFrame } from './shots/frame-window.ts';
import { meanDifference } from './shots/picture-change.ts';

/** Collects stretches of frames that share something, if they last long enough. */
class StretchCollector {
  readonly #leastSeconds: number;
  readonly #timeBase: TimeBase;
  readonly #found: FrameStretch[] = [];
  #start: { frame: number; ptsTicks: number } | null = null;

  constructor(leastSeconds: number, timeBase: TimeBase) {
    this.#leastSeconds = leastSeconds;
    this.#timeBase = timeBase;
  }

  get isOpen(): boolean {
    return this.#start !== null;
  }

  open(frame: number, ptsTicks: number): void {
    this.#start = { frame, ptsTicks };
  }

  /** @param ptsTicks when the last frame of the stretch ends. */
  close(endFrameExclusive: number, ptsTicks: number): void {
    const start = this.#start;
    this.#start = null;
    if (start && ticksToSeconds(ptsTicks - start.ptsTicks, this.#timeBase) >= this.#leastSeconds) {
      this.#found.push({ startFrame: start.frame, endFrameExclusive });
    }
  }

  get found(): FrameStretch[] {
    return this.#found;
  }
}

const BLACK_SECONDS = 0.5;
const BLACK_SHARE = 0.98;

/** Finds black stretches of half a second and more. */
export class BlackDetector {
  readonly #stretches: StretchCollector;
  #count = 0;

  constructor(timeBase: TimeBase) {
    this.#stretches = new StretchCollector(BLACK_SECONDS, timeBase);
  }

  push({ ptsTicks, features }: DetectorFrame): void {
    const isBlack = isBlackFrame(features);
    if (isBlack && !this.#stretches.isOpen) this.#stretches.open(this.#count, ptsTicks);
    if (!isBlack && this.#stretches.isOpen) this.#stretches.close(this.#count, ptsTicks);
    this.#count++;
  }

  finish(endPtsTicks: number): FrameStretch[] {
    this.#stretches.close(this.#count, endPtsTicks);
    return this.#stretches.found;
  }
}

const FROZEN_SECONDS = 2;
/** Coding noise on a still picture stays below these, in levels: from frame to frame, and since the stretch began. */
const STILL_STEP = 0.25;
const STILL_DRIFT = 0.5;

/** Finds stretches of two seconds and more in which the picture stands still without being black. */
export class FrozenDetector {
  readonly #stretches: StretchCollector;
  #picture: Uint8Array | null = null;
  #before: { frame: number; ptsTicks: number; frameFacts: DetectorFrame } | null = null;

  constructor(timeBase: TimeBase) {
    this.#stretches = new StretchCollector(FROZEN_SECONDS, timeBase);
  }

  push(frame: DetectorFrame): void {
    const before = this.#before;
    const number = before === null ? 0 : before.frame + 1;
    if (before !== null) {
      const isStill = frame.features[FEATURE.difference] <= STILL_STEP && !isBlackFrame(frame.features);
      const reference = this.#picture ?? before.frameFacts.picture;
      if (isStill && meanDifference(reference, frame.picture) <= STILL_DRIFT) {
        if (!this.#stretches.isOpen) this.#stretches.open(before.frame, before.ptsTicks);
        this.#picture ??= Uint8Array.from(before.frameFacts.picture);
      } else {
        this.#end(number, frame.ptsTicks);
      }
    }
    this.#before = { frame: number, ptsTicks: frame.ptsTicks, frameFacts: frame };
  }

  finish(endPtsTicks: number): FrameStretch[] {
    if (this.#before) this.#end(this.#before.frame + 1, endPtsTicks);
    return this.#stretches.found;
  }

  #end(endFrameExclusive: number, ptsTicks: number): void {
    if (this.#stretches.isOpen) this.#stretches.close(endFrameExclusive, ptsTicks);
    this.#picture = null;
  }
}

function isBlackFrame(features: Float32Array): boolean {
  return features[FEATURE.darkShare] >= BLACK_SHARE;
}
