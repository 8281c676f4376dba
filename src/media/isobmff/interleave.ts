/** Samples of one track that are stored side by side, between those of other tracks. */
export type Run = { readonly track: number; readonly firstSample: number; readonly sampleCount: number };

export type TrackClock = {
  readonly timescale: number;
  readonly durationsTicks: Uint32Array;
  /** When the first sample is decoded. */
  readonly startSeconds: number;
};

/**
 * The order in which a progressive file stores its tracks: stretch by stretch of decode time, in each the tracks one after the other,
 * so that a player reads the file from front to back. Every sample is in exactly one run; runs of a track ascend.
 */
export function interleave(tracks: readonly TrackClock[], stretchSeconds = 1): Run[] {
  const states = tracks.map((track) => ({ sample: 0, ticks: 0, ...track }));
  const secondsOf = (state: (typeof states)[number]): number => state.startSeconds + state.ticks / state.timescale;
  const runs: Run[] = [];
  for (;;) {
    const waiting = states.filter((state) => state.sample < state.durationsTicks.length);
    if (waiting.length === 0) return runs;
    const earliest = Math.min(...waiting.map(secondsOf));
    const stretchEnd = (Math.floor(earliest / stretchSeconds) + 1) * stretchSeconds;
    states.forEach((state, track) => {
      const firstSample = state.sample;
      while (state.sample < state.durationsTicks.length && secondsOf(state) < stretchEnd) state.ticks += state.durationsTicks[state.sample++];
      if (state.sample > firstSample) runs.push({ track, firstSample, sampleCount: state.sample - firstSample });
    });
  }
}
