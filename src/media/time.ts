/** A time base: one tick lasts `num / den` seconds. Both are positive integers. */
export type TimeBase = { readonly num: number; readonly den: number };

/** Seconds of a tick count; for people and for manifests, never for arithmetic on frames. */
export function ticksToSeconds(ticks: number, base: TimeBase): number {
  return (ticks * base.num) / base.den;
}

/**
 * Converts ticks between time bases exactly, rounding half away from zero.
 * Works in BigInt, so it holds for any 53-bit tick count and any 32-bit base.
 */
export function rescaleTicks(ticks: number, from: TimeBase, to: TimeBase): number {
  const numerator = BigInt(ticks) * BigInt(from.num) * BigInt(to.den);
  const denominator = BigInt(from.den) * BigInt(to.num);
  const half = denominator / 2n;
  const rounded = numerator >= 0n ? (numerator + half) / denominator : -((-numerator + half) / denominator);
  return Number(rounded);
}
