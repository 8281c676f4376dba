import type { MediaLimits } from '../../ports/media-tools.ts';

const GIB = 1024 ** 3;

const PROBE_CPU_SECONDS = 60;
/** A tenth of what a slow core reads. */
const LISTED_BYTES_PER_CPU_SECOND = 10e6;

/** Asking what a file is takes a second; the largest films have indexes of some hundred megabytes. */
export const PROBE_LIMITS: MediaLimits = { stallMs: 120_000, wallMs: 600_000, cpuSeconds: PROBE_CPU_SECONDS, memoryBytes: 2 * GIB };
/** Listing packets reads the whole file: how fast is the disk's matter, but what it may cost grows with the file and not with what the file says. */
export function listingLimits(sourceBytes: number): MediaLimits {
  const cpuSeconds = PROBE_CPU_SECONDS + sourceBytes / LISTED_BYTES_PER_CPU_SECOND;
  return { stallMs: 300_000, wallMs: 24 * 3_600_000, cpuSeconds, memoryBytes: 2 * GIB };
}
export const DECODING_LIMITS: MediaLimits = { stallMs: 300_000, wallMs: 24 * 3_600_000 };
/** The first pictures only. */
export const TRIAL_LIMITS: MediaLimits = { stallMs: 300_000, wallMs: 3_600_000, cpuSeconds: 600 };

/** More than any film has. Each is work of its own: a job, a process, a rendition. */
export const MOST_TRACKS = 128;
/** A day at a hundred pictures a second. */
export const MOST_PICTURES = 24 * 3600 * 100;
export const LONGEST_FILM_SECONDS = 24 * 3600;
export const FASTEST_FPS = 1000;
