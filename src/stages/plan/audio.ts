import type { AudioInspection, Inspection } from '../../model/inspection.ts';
import type { AudioPlan } from '../../model/plan.ts';
import type { AudioTrack } from '../../model/source.ts';
import { languageSlug, normaliseLanguage, roleSlug, uniqueNames } from './language.ts';

/** Rates that every player takes; other sources are resampled. */
const KEPT_RATES: readonly number[] = [32_000, 44_100, 48_000];
const OTHER_RATE = 48_000;
const SURROUND_CHANNELS = 6;
/** More would be noise made loud. */
const LARGEST_GAIN_DB = 30;
/** Times in seconds come as decimal numbers: this much of a tick is no difference. */
const ROUNDING_TICKS = 1e-4;

type HeardTrack = { readonly track: AudioTrack; readonly heard: AudioInspection };

export type SoundPlan = {
  readonly audio: readonly AudioPlan[];
  /** Where the first frame stands on the title's timeline, ticks of the video's time base. */
  readonly videoStartTicks: number;
};

/**
 * Renditions of sound: one per track, mono or stereo, and beside it a 5.1 one where the source has at least six channels.
 * Tracks without a sample are left out. The title begins with its first frame or, when sound is earlier, at the last frame tick before
 * that sound: so the first frame stands on a tick, and every sample within half a sample of its place.
 * A commentary or a description is the default only where there is nothing else. With `loudnessLufs` every track gets the gain that brings it there.
 */
export function planAudio(inspection: Inspection, kbpsPerChannel: number, loudnessLufs?: number): SoundPlan {
  const tracks = heardTracks(inspection);
  const { num, den } = inspection.timeBase;
  const firstFrameTicks = inspection.firstPtsTicks;
  const earliestTicks = Math.min(firstFrameTicks, ...tracks.map(({ heard }) => (heard.startSeconds * den) / num));
  const videoStartTicks = Math.max(0, Math.ceil(firstFrameTicks - earliestTicks - ROUNDING_TICKS));
  const originSeconds = ((firstFrameTicks - videoStartTicks) * num) / den;
  const endSeconds = (inspection.endPtsTicks * num) / den;
  const unique = uniqueNames();
  const main = tracks.filter(({ track }) => track.role === undefined);
  const candidates = main.length > 0 ? main : tracks;
  const defaultTrack = candidates.find(({ track }) => track.isDefault) ?? candidates[0];
  const audio = tracks.flatMap((one) => {
    const isDefault = one === defaultTrack;
    const { role } = one.track;
    const name = `audio-${languageSlug(one.track.language)}${roleSlug(role)}`;
    const rendition = (wantedName: string, channels: AudioPlan['channels']) => ({
      streamIndex: one.track.streamIndex,
      name: unique(wantedName),
      language: normaliseLanguage(one.track.language),
      title: one.track.title,
      isDefault: isDefault && channels !== SURROUND_CHANNELS,
      ...(role ? { role } : {}),
      channels,
      bitrateKbps: Math.round(channels * kbpsPerChannel),
      ...placeSamples(one.heard, originSeconds, endSeconds),
      ...gainTo(loudnessLufs, one.heard),
    });
    const small = rendition(name, one.track.channels === 1 ? 1 : 2);
    return one.track.channels >= SURROUND_CHANNELS ? [small, rendition(`${name}-51`, SURROUND_CHANNELS)] : [small];
  });
  return { audio, videoStartTicks };
}

function heardTracks(inspection: Inspection): HeardTrack[] {
  return inspection.facts.audio.flatMap((track) => {
    const heard = inspection.audio.find((one) => one.streamIndex === track.streamIndex);
    return heard && heard.sampleCount > 0 && heard.sampleRate > 0 ? [{ track, heard }] : [];
  });
}

/** The gain in hundredths of a decibel; none for silence. What it lifts above the ceiling is held by the limiter. */
function gainTo(loudnessLufs: number | undefined, { loudnessLufs: own }: AudioInspection): { gainDb?: number } {
  if (loudnessLufs === undefined || own === null) return {};
  const gainDb = Math.max(-LARGEST_GAIN_DB, Math.min(LARGEST_GAIN_DB, Math.round((loudnessLufs - own) * 100) / 100));
  return gainDb === 0 ? {} : { gainDb };
}

/** A track with gaps lasts at least until the last frame ends: its samples alone do not say how long it is. */
function placeSamples(heard: AudioInspection, originSeconds: number, videoEndSeconds: number) {
  const sampleRate = KEPT_RATES.includes(heard.sampleRate) ? heard.sampleRate : OTHER_RATE;
  const decoded = Math.round((heard.sampleCount * sampleRate) / heard.sampleRate);
  const untilVideoEnd = Math.round((videoEndSeconds - heard.startSeconds) * sampleRate);
  return {
    sampleRate,
    leadSamples: Math.max(0, Math.round((heard.startSeconds - originSeconds) * sampleRate)),
    sampleCount: heard.hasGaps ? Math.max(decoded, untilVideoEnd) : decoded,
    followTimes: heard.hasGaps || heard.changesForm === true,
    ...(heard.changesForm ? { changesForm: true as const } : {}),
  };
}
