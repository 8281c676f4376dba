/** Hours (may be missing), minutes, seconds and the digits behind the point, as they stand in a file. */
export type StampParts = readonly (string | undefined)[];

/**
 * Milliseconds of a time. A minus anywhere makes the whole time one before zero: ffmpeg (libavformat srtenc.c, assenc.c, webvttenc.c) gives every part that is not zero its own.
 * @param signedUnitMs what one is worth in a fraction with a minus: there ffmpeg's minus stands in the place of a leading zero, as in `-05` thousandths or `-5` hundredths.
 */
export function millisecondsOf(parts: StampParts, signedUnitMs: number): number {
  const [hours, minutes, seconds, fraction] = parts.slice(0, 4).map((part = '0') => part.replace('-', ''));
  const hasOwnSign = parts[3]?.startsWith('-') === true;
  const fractionMs = hasOwnSign ? Number(fraction) * signedUnitMs : Number(fraction.padEnd(3, '0'));
  const total = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + fractionMs;
  return parts.some((part) => part?.startsWith('-')) ? -total : total;
}
