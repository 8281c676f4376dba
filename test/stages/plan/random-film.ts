import { createHash } from 'node:crypto';
import type { TimeBase } from '../../../src/media/time.ts';
import type { Inspection } from '../../../src/model/inspection.ts';
import type { VideoTrack } from '../../../src/model/source.ts';
import { DEFAULT_LADDER } from '../../../src/stages/plan/ladder/default-ladder.ts';
import type { PlanInput } from '../../../src/stages/plan/plan-title.ts';
import { videoTrack } from '../../support/video-track.ts';

export type Random = () => number;

/** A stream of numbers in [0, 1) that a seed fixes. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A camera take: its pictures are named by `id` and their number in it. */
export type Take = { readonly id: number; readonly frames: number };

/** Lengths as in edited films: 3 s in the middle, many under 1 s, some over 20 s; now and then a run of very short ones. */
export function randomTakes(random: Random, count: number, fps: number): Take[] {
  const takes: Take[] = [];
  while (takes.length < count) {
    const run = random() < 0.03 ? 5 + Math.floor(random() * 20) : 1;
    for (let i = 0; i < run; i++) takes.push({ id: random(), frames: randomLength(random, fps, run > 1 ? 0.6 : 3) });
  }
  return takes;
}

export function randomLength(random: Random, fps: number, medianSeconds: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.max(1, Math.round(fps * medianSeconds * Math.exp(0.9 * normal)));
}

export type Film = {
  readonly takes: readonly Take[];
  readonly starts: readonly number[];
  readonly ptsTicks: Float64Array;
  readonly endTicks: number;
  readonly timeBase: TimeBase;
  /** Which picture a frame shows. */
  readonly pictureOf: (frame: number) => string;
};

const FRAME_TICKS = 1001;

/** Frames of the takes one after the other at 23.976 per second; with `uneven`, pictures last up to three times as long, each always as long as in any other film. */
export function filmOf(takes: readonly Take[], { uneven = false, firstTicks = 0 } = {}): Film {
  const starts: number[] = [];
  const owners: { take: Take; number: number }[] = [];
  for (const take of takes) {
    starts.push(owners.length);
    for (let number = 0; number < take.frames; number++) owners.push({ take, number });
  }
  const ptsTicks = new Float64Array(owners.length);
  let at = firstTicks;
  for (const [frame, { take, number }] of owners.entries()) {
    ptsTicks[frame] = at;
    at += uneven ? Math.round(FRAME_TICKS * (1 + 2 * seeded(take.id * 2 ** 32 + number)())) : FRAME_TICKS;
  }
  const pictureOf = (frame: number) => `${owners[frame].take.id}/${owners[frame].number}`;
  return { takes, starts, ptsTicks, endTicks: at, timeBase: { num: 1, den: 24_000 }, pictureOf };
}

export function inspectionOf(film: Film, video: VideoTrack = videoTrack()): Inspection {
  const seconds = (ticks: number) => (ticks * film.timeBase.num) / film.timeBase.den;
  return {
    version: 1,
    id: 'inspection-1',
    facts: { container: 'mov', durationSeconds: seconds(film.endTicks), title: '', video, otherVideo: [], audio: [], text: [], chapters: [] },
    frameCount: film.ptsTicks.length,
    timeBase: film.timeBase,
    firstPtsTicks: film.ptsTicks[0],
    endPtsTicks: film.endTicks,
    keyFrames: [0],
    shots: film.starts.map((startFrame, i) => ({
      startFrame,
      endFrameExclusive: film.starts[i + 1] ?? film.ptsTicks.length,
      startSeconds: seconds(film.ptsTicks[startFrame]),
    })),
    black: [],
    frozen: [],
    damaged: [],
    crop: null,
    audio: [],
    thumbnails: { intervalSeconds: 10, widthPx: 320, heightPx: 180, frames: [] },
    findings: [],
  };
}

export function planInput(film: Film, changes: Partial<PlanInput> = {}): PlanInput {
  const hashOf = (frame: number) => createHash('md5').update(film.pictureOf(frame)).digest();
  return { inspection: inspectionOf(film), ladder: DEFAULT_LADDER, ptsTicks: film.ptsTicks, hashOf, complete: true, ...changes };
}

/** The beginning of a film, as an inspection would know it: the last take is cut short. */
export function beginningOf(film: Film, frameCount: number): Film {
  return {
    ...film,
    starts: film.starts.filter((start) => start < frameCount),
    ptsTicks: film.ptsTicks.slice(0, frameCount),
    endTicks: film.ptsTicks[frameCount] ?? film.endTicks,
  };
}
