const SLOWEST_SECONDS_PER_SECOND = 2;
const LEAST_WALL_MS = 600_000;
const STALL_MS = 300_000;

/** How long a process that handles one track of that length may be silent, and may take in all. */
export function audioLimits(trackSeconds: number): { stallMs: number; wallMs: number } {
  return { stallMs: STALL_MS, wallMs: Math.max(LEAST_WALL_MS, Math.ceil(trackSeconds * SLOWEST_SECONDS_PER_SECOND * 1000)) };
}
