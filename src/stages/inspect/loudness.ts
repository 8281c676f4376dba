export type Loudness = { readonly loudnessLufs: number | null; readonly loudnessRangeLu: number | null };

/** What the gate of EBU R 128 leaves at least; silence is reported as this. */
const SILENCE_LUFS = -70;

/**
 * Reads the summary that ffmpeg's `ebur128` filter logs at the end; of several (the filter graph was made anew) the last.
 * Nulls for silence, or when there is none.
 */
export function parseLoudness(log: string): Loudness {
  const summary = log.slice(Math.max(0, log.lastIndexOf('Summary:')));
  const integrated = numberFrom(/^ *I: *(-?\d{1,3}\.\d) LUFS/m, summary);
  if (integrated === null || integrated <= SILENCE_LUFS) return { loudnessLufs: null, loudnessRangeLu: null };
  return { loudnessLufs: integrated, loudnessRangeLu: numberFrom(/^ *LRA: *(\d{1,3}\.\d) LU/m, summary) };
}

function numberFrom(pattern: RegExp, text: string): number | null {
  const match = pattern.exec(text);
  return match ? Number(match[1]) : null;
}
