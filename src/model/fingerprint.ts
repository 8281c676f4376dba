/** Fewer lines than this say too little about a picture; more only cost time. */
const LEAST_LINES = 240;

/**
 * Filters that leave every second, fourth or eighth line of a picture, as many as say enough. They hand on the same memory with a longer stride, so they cost nothing, and what
 * reads the picture after them costs as much less.
 */
export function fewerLines(heightPx: number): string[] {
  const halvings = Math.max(0, Math.floor(Math.log2(heightPx / LEAST_LINES)));
  return Array<string>(halvings).fill('field=type=top');
}

/**
 * Makes the 32×18 luma fingerprint of a picture of that height that enters these ffmpeg filters. One definition for what is fed, what is encoded and what is verified:
 * only pictures made the same way can be held to each other. Part of every content address.
 */
export function fingerprintFilters(heightPx: number): string[] {
  return [...fewerLines(heightPx), 'scale=32:18:flags=area+accurate_rnd+bitexact', 'format=yuv420p', 'extractplanes=y', 'format=gray'];
}
