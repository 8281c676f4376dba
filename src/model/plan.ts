import type { TrackRole } from '../media/cmaf/role.ts';
import type { TimeBase } from '../media/time.ts';
import type { PlannedRung } from './ladder.ts';

/** A unit of encode work, `[startFrame, endFrameExclusive)`; every IDR frame starts a segment. */
export type Chunk = {
  readonly index: number;
  readonly startFrame: number;
  readonly endFrameExclusive: number;
  /** Absolute frame numbers, ascending; the first equals `startFrame`. */
  readonly idrFrames: readonly number[];
};

export type AudioPlan = {
  readonly streamIndex: number;
  /** Unique in the title: `[a-z0-9-]{1,32}`, e.g. `audio-eng`. */
  readonly name: string;
  readonly language: string;
  readonly title: string;
  readonly isDefault: boolean;
  readonly role?: TrackRole;
  readonly channels: 1 | 2 | 6;
  /** Of the rendition: the source's own where AAC and players take it, else 48000. */
  readonly sampleRate: number;
  readonly bitrateKbps: number;
  /** Silence before the first sample, in samples of the rendition: the track starts with the title, whatever the source's offset was. */
  readonly leadSamples: number;
  /** Audible length after that silence, samples per channel of the rendition. */
  readonly sampleCount: number;
  /** Place samples by their times (the source has gaps) instead of by count. */
  readonly followTimes: boolean;
  /** The source changes its channels or its sampling rate on the way: it is read through an even copy. */
  readonly changesForm?: true;
  /** Makes the source louder or quieter, decibels; missing: as it is. */
  readonly gainDb?: number;
};

export type TextPlan = {
  /** Null: the text is a sidecar's. */
  readonly streamIndex: number | null;
  /** Place of the sidecar in the order. */
  readonly sidecar?: number;
  /** The form to take a track out of the source in, where SubRip would lose what it says of places. `captions`: from beside the pictures of the stream. */
  readonly form?: 'ass' | 'webvtt' | 'captions';
  readonly name: string;
  readonly language: string;
  readonly title: string;
  readonly isDefault: boolean;
  readonly isForced: boolean;
  readonly role?: TrackRole;
};

/** Everything the later steps need to know, as one value. Same inputs, same bytes. */
export type Plan = {
  readonly version: 1;
  /** Identity of the inspection it was made from. */
  readonly inspectionId: string;
  /** False: made from the beginning of an index; only chunks that the rest cannot change are listed. */
  readonly complete: boolean;
  readonly frameCount: number;
  readonly timeBase: TimeBase;
  /** Presentation time of the first frame on the source's clock, and of the end of the last one. */
  readonly firstPtsTicks: number;
  readonly endPtsTicks: number;
  /** Where the first frame stands on the title's timeline (zero = first frame or first audible sample, whichever is earlier). */
  readonly videoStartTicks: number;
  readonly rungs: readonly PlannedRung[];
  readonly chunks: readonly Chunk[];
  readonly audio: readonly AudioPlan[];
  readonly text: readonly TextPlan[];
};

/** Where a title's own objects stand. */
export const titleKeys = {
  plan: (titleId: string, revision: string) => `titles/${titleId}/${revision}/plan.json`,
};
