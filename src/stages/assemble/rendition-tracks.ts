import type { ProgressiveTrack } from '../../media/isobmff/progressive.ts';
import type { TrackSamples } from '../../media/isobmff/sample.ts';
import { finishSampleEntry } from '../../media/isobmff/sample-entry.ts';
import type { ChapterMark } from '../../media/isobmff/write-metadata.ts';
import { terminologyLanguage } from '../../media/language.ts';
import { ticksToSeconds } from '../../media/time.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { PlannedRung } from '../../model/ladder.ts';
import type { Plan } from '../../model/plan.ts';
import type { Chapter } from '../../model/source.ts';
import type { AudioSamples } from './audio-samples.ts';
import { type Timeline, timelineOf } from './timeline.ts';
import type { VideoSamples } from './video-samples.ts';

const AUDIO_ALTERNATE_GROUP = 1;

/** Every sample's times from the index. Throws SL-304 when the format cannot hold them. */
export function titleTimeline(plan: Plan, ptsTicks: Float64Array, video: VideoSamples): Timeline {
  const { endPtsTicks, timeBase, videoStartTicks } = plan;
  try {
    return timelineOf({ ptsTicks, endPtsTicks, timeBase, videoStartTicks, frameOfSample: video.frameOfSample });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ScenelineError('SL-304', `The frame times do not fit in an MP4 file: ${error.message}.`, { cause: error });
  }
}

export function videoTrackSamples(plan: Plan, video: VideoSamples, timeline: Timeline): TrackSamples {
  const { durationsTicks, compositionOffsetsTicks } = timeline;
  return { sizesBytes: video.sizesBytes, durationsTicks, compositionOffsetsTicks, syncSamples: Uint32Array.from(idrFrames(plan)), extents: video.extents };
}

/** All planned IDR frames of the title, ascending. Groups of pictures are closed, so they are sample numbers as well. */
export function idrFrames(plan: Plan): number[] {
  return plan.chunks.flatMap((chunk) => chunk.idrFrames);
}

export function progressiveVideo(plan: Plan, rung: PlannedRung, video: VideoSamples, timeline: Timeline): ProgressiveTrack {
  const { timescale, startTicks, mediaTimeTicks, presentedTicks } = timeline;
  return {
    kind: 'video',
    sampleEntry: finishSampleEntry(video.sampleEntry, rung.hdrColor),
    timescale,
    language: 'und',
    extendedLanguage: null,
    handlerName: 'Video',
    isEnabled: true,
    alternateGroup: 0,
    widthPx: rung.widthPx,
    heightPx: rung.heightPx,
    samples: videoTrackSamples(plan, video, timeline),
    startTicks,
    mediaTimeTicks,
    presentedTicks,
  };
}

/** One of them is enabled: the planned default, else the first. */
export function progressiveAudio(tracks: readonly AudioSamples[]): ProgressiveTrack[] {
  const enabled = Math.max(
    0,
    tracks.findIndex((track) => track.plan.isDefault),
  );
  return tracks.map((track, i) => ({
    kind: 'audio',
    sampleEntry: track.sampleEntry,
    timescale: track.plan.sampleRate,
    ...languageFields(track.plan.language),
    handlerName: track.plan.title || 'Sound',
    isEnabled: i === enabled,
    alternateGroup: AUDIO_ALTERNATE_GROUP,
    widthPx: 0,
    heightPx: 0,
    samples: track.samples,
    startTicks: 0,
    mediaTimeTicks: track.primingSamples,
    presentedTicks: track.audibleSamples,
  }));
}

export function languageFields(tag: string): { language: string; extendedLanguage: string | null } {
  const language = terminologyLanguage(tag);
  return { language, extendedLanguage: tag === language || tag === '' ? null : tag };
}

/** Chapters moved from the source's clock to the title's; what begins before the title begins with it. */
export function chapterMarks(plan: Plan, chapters: readonly Chapter[]): ChapterMark[] {
  const zeroSeconds = ticksToSeconds(plan.firstPtsTicks - plan.videoStartTicks, plan.timeBase);
  return chapters.map((chapter) => ({ startSeconds: Math.max(0, chapter.startSeconds - zeroSeconds), title: chapter.title }));
}
