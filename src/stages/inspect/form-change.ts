/** A sound track's first change of channels or sampling rate. */
export type FormChange = {
  /** On the source's clock; null: not known. */
  readonly atSeconds: number | null;
};

/** A log keeps its end only: with more forms than this its beginning may be lost. */
const MOST_FORMS = 100;

/** Reads how many samples each of ffmpeg's `volumedetect` filters was given of one channel, a filter for each form that the track takes; null: there is one form only. */
export function readFormChange(log: string, first: { startSeconds: number; sampleRate: number }): FormChange | null {
  const sampleCounts = [...log.matchAll(/^\[Parsed_volumedetect_.*\bn_samples: (\d{1,15})$/gm)].map((match) => Number(match[1])).filter((count) => count > 0);
  if (sampleCounts.length < 2) return null;
  return { atSeconds: sampleCounts.length > MOST_FORMS ? null : first.startSeconds + sampleCounts[0] / first.sampleRate };
}
