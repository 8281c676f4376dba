/** How long a media process may take before it counts as hung. */
export type Limits = { readonly stallMs: number; readonly wallMs: number };

const SLOWEST_SECONDS_PER_MEGAPIXEL = 20;
const SLACK = 20;
const LEAST_MS = 120_000;
/** Frames an encoder may hold before the first one comes out. */
const LOOKAHEAD_FRAMES = 120;

/**
 * Limits from the work's size and, when known, from the speed measured on this machine: twenty times slower than what was seen is a hang.
 * @param megapixels picture area summed over the rungs fed, per frame
 * @param measuredSecondsPerMegapixel wall time seen here for the same kind of work; null before the first result
 */
export function limitsFor(frames: number, megapixels: number, measuredSecondsPerMegapixel: number | null): Limits {
  const pace = measuredSecondsPerMegapixel === null ? SLOWEST_SECONDS_PER_MEGAPIXEL : measuredSecondsPerMegapixel * SLACK;
  const perFrameMs = pace * megapixels * 1000;
  return {
    stallMs: Math.max(LEAST_MS, Math.ceil(perFrameMs * LOOKAHEAD_FRAMES)),
    wallMs: Math.max(LEAST_MS, Math.ceil(perFrameMs * (frames + LOOKAHEAD_FRAMES))),
  };
}
