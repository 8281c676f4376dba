export const DEMO_FPS = 24;
export const DEMO_SAMPLE_RATE = 48_000;

/** First frames of the scenes after hard cuts; none is nearer than eight frames to a flash. */
const CUT_FRAMES = [83, 227, 289, 383, 563, 581, 668, 862, 961, 1059] as const;
/** The picture goes to black and comes back here; the scene changes at the darkest place. */
const FADE = { startFrame: 752, changeFrame: 768, endFrameExclusive: 784 } as const;
const FLASH_FRAMES = 2;
const BEEP_SECONDS = 0.1;

/** What is in the demo master by construction. */
export type DemoTruth = {
  readonly frames: number;
  /** Frames at which a hard cut shows a new scene. */
  readonly cutFrames: readonly number[];
  /** Through black; null when the film ends before. */
  readonly fade: { readonly startFrame: number; readonly changeFrame: number; readonly endFrameExclusive: number } | null;
  /** White pictures: `[frame, frame + flashLengthFrames)` each. */
  readonly flashFrames: readonly number[];
  readonly flashLengthFrames: number;
  /** When the flashes begin, and with their first sample the beeps. */
  readonly flashSeconds: readonly number[];
  readonly beepSeconds: number;
};

/** Truth of a demo master of this length, at most 48 seconds. */
export function demoTruth(durationSeconds: number): DemoTruth {
  const frames = Math.round(durationSeconds * DEMO_FPS);
  const flashSeconds = Array.from({ length: 24 }, (_, i) => 2 * i + 1).filter((second) => second * DEMO_FPS + FLASH_FRAMES <= frames);
  return {
    frames,
    cutFrames: CUT_FRAMES.filter((frame) => frame < frames),
    fade: FADE.endFrameExclusive <= frames ? FADE : null,
    flashFrames: flashSeconds.map((second) => second * DEMO_FPS),
    flashLengthFrames: FLASH_FRAMES,
    flashSeconds,
    beepSeconds: BEEP_SECONDS,
  };
}

/** Truth of the whole demo master. */
export const DEMO_TRUTH: DemoTruth = demoTruth(48);
