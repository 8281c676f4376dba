import type { AudioPlan } from '../../model/plan.ts';
import { type DecodedSound, SoundFile, sampleAt, soundEndSeconds } from './decoded-sound.ts';
import type { TrackReading } from './read-video.ts';
import { COMPARE_RATE, energyOf, findOffset, REACH_SAMPLES, spreadWindows } from './sound-offset.ts';

/** Windows compared in one track. */
const MAX_WINDOWS = 48;
const MAX_TIME_ERROR_SECONDS = 0.002;
/** What a codec may do to the level of a whole track. */
const MAX_LEVEL_ERROR_DB = 3;
/** An AAC access unit may be decoded beyond the end that the edit list sets. */
const MAX_PADDING_SAMPLES = 1024;

export type SoundFault = { readonly message: string };

/** Holds where the report says that sound lies to where the master's own decoded sound lies on the title's timeline. Pure. */
export function checkAudioClaim(plan: AudioPlan, master: DecodedSound, originSeconds: number): SoundFault[] {
  const faults: SoundFault[] = [];
  const leadSeconds = Math.max(0, master.pieces[0].startSeconds - originSeconds);
  if (Math.abs(plan.leadSamples / plan.sampleRate - leadSeconds) > MAX_TIME_ERROR_SECONDS) {
    faults.push({
      message: `${plan.name} is said to begin ${(plan.leadSamples / plan.sampleRate).toFixed(4)} s after the title; the master's sound begins after ${leadSeconds.toFixed(4)} s`,
    });
  }
  const countSeconds = master.sampleCount / master.sampleRate;
  const spanSeconds = soundEndSeconds(master) - master.pieces[0].startSeconds;
  const isSaid = plan.sampleCount / plan.sampleRate;
  const isRight = plan.followTimes
    ? isSaid >= Math.min(countSeconds, spanSeconds) - MAX_TIME_ERROR_SECONDS
    : Math.abs(isSaid - countSeconds) <= 1.5 / plan.sampleRate;
  if (!isRight) faults.push({ message: `${plan.name} is said to last ${isSaid.toFixed(4)} s; the master's sound lasts ${countSeconds.toFixed(4)} s` });
  return faults;
}

/** Holds one audio track's boxes to the plan: begins with the title, and is heard for exactly as many samples. Pure. */
export function checkAudioBoxes(reading: TrackReading, plan: AudioPlan): SoundFault[] {
  const { track, start, mediaTimeTicks, mediaTicks, shown, facts } = reading;
  const audible = plan.leadSamples + plan.sampleCount;
  const faults: SoundFault[] = [];
  if (track.timescale !== plan.sampleRate) return [{ message: `${plan.name} has timescale ${track.timescale} instead of ${plan.sampleRate}` }];
  if (facts.channels !== plan.channels) faults.push({ message: `${plan.name} has ${facts.channels} channels instead of ${plan.channels}` });
  const startSamples = (start.ticks * track.timescale) / start.timescale;
  if (startSamples !== 0) faults.push({ message: `${plan.name} begins ${startSamples.toFixed(1)} samples after the title` });
  if (mediaTicks - mediaTimeTicks !== audible) faults.push({ message: `${plan.name} has ${mediaTicks - mediaTimeTicks} samples instead of ${audible}` });
  const shownSamples = shown === null ? audible : (shown.ticks * track.timescale) / shown.timescale;
  if (Math.abs(shownSamples - audible) > track.timescale / (shown?.timescale ?? track.timescale)) {
    faults.push({ message: `${plan.name} is heard for ${shownSamples.toFixed(1)} samples instead of ${audible}` });
  }
  return faults;
}

/** Holds how much of a track comes out of the decoder to the plan. Pure. */
export function checkDecodedLength(sound: DecodedSound, plan: AudioPlan): SoundFault[] {
  const audible = plan.leadSamples + plan.sampleCount;
  const faults: SoundFault[] = [];
  if (sound.pieces.length > 1) faults.push({ message: `${plan.name} decodes with a gap at ${sound.pieces[1].startSeconds.toFixed(3)} s` });
  if (Math.abs(sound.pieces[0].startSeconds) * sound.sampleRate >= 1) {
    faults.push({ message: `${plan.name} decodes from ${sound.pieces[0].startSeconds.toFixed(4)} s instead of the title's start` });
  }
  if (sound.sampleRate !== plan.sampleRate || sound.sampleCount < audible || sound.sampleCount >= audible + MAX_PADDING_SAMPLES) {
    faults.push({ message: `${plan.name} decodes to ${sound.sampleCount} samples at ${sound.sampleRate} Hz instead of ${audible} at ${plan.sampleRate}` });
  }
  return faults;
}

export type Comparison = {
  readonly originSeconds: number;
  /** Both sides have the same channels, so that their levels can be compared. */
  readonly sameChannels: boolean;
};

/**
 * Compares a rendition's sound with the master's at the places where the master's own clock puts it, in windows spread over the whole title, and its level
 * with the master's under the planned gain. Trusts nothing of the report but which stream belongs to which, and the gain.
 */
export async function compareSound(plan: AudioPlan, master: DecodedSound, rendition: DecodedSound, comparison: Comparison): Promise<SoundFault[]> {
  const { name, gainDb = 0 } = plan;
  const { originSeconds } = comparison;
  const faults: SoundFault[] = [];
  const [gain, level] = [10 ** (gainDb / 20), { expected: 0, found: 0 }];
  const [from, to] = [await SoundFile.open(master), await SoundFile.open(rendition)];
  try {
    const firstSeconds = master.pieces[0].startSeconds;
    const stretch = Math.floor((soundEndSeconds(master) - firstSeconds) * COMPARE_RATE);
    const { starts, windowSamples } = spreadWindows(stretch, MAX_WINDOWS);
    for (const start of starts) {
      const seconds = firstSeconds + start / COMPARE_RATE;
      const sample = sampleAt(master, seconds, windowSamples);
      if (sample === null) continue;
      const place = Math.round((seconds - originSeconds) * COMPARE_RATE);
      const expected = (await from.window(sample, windowSamples)).map((value) => value * gain);
      const found = await to.window(place - REACH_SAMPLES, windowSamples + 2 * REACH_SAMPLES);
      level.expected += energyOf(expected);
      level.found += energyOf(found.subarray(REACH_SAMPLES, REACH_SAMPLES + windowSamples));
      const verdict = findOffset(expected, found);
      const at = `at ${(seconds - originSeconds).toFixed(2)} s`;
      if (verdict.kind === 'other') faults.push({ message: `${name} ${at} has other sound than the master (correlation ${verdict.correlation.toFixed(2)})` });
      if (verdict.kind === 'offset' && isOff(verdict.offsetSamples)) {
        const [ms, word] = [Math.abs((1000 * verdict.offsetSamples) / COMPARE_RATE).toFixed(1), verdict.offsetSamples > 0 ? 'late' : 'early'];
        faults.push({ message: `${name} ${at} is ${ms} ms ${word}` });
      }
    }
  } finally {
    await from.close();
    await to.close();
  }
  const decibels = 10 * Math.log10(level.found / level.expected);
  // What a gain lifts above the ceiling is held down, so the track may be quieter than the gain alone would make it.
  const isWrong = decibels > MAX_LEVEL_ERROR_DB || (decibels < -MAX_LEVEL_ERROR_DB && gainDb <= 0);
  if (comparison.sameChannels && faults.length === 0 && level.expected > 0 && isWrong) {
    const word = decibels > 0 ? 'louder' : 'quieter';
    faults.push({ message: `${name} is ${Math.abs(decibels).toFixed(1)} dB ${word} than the master${gainDb === 0 ? '' : ` with its gain of ${gainDb} dB`}` });
  }
  return faults;
}

function isOff(offsetSamples: number): boolean {
  return Math.abs(offsetSamples) / COMPARE_RATE > MAX_TIME_ERROR_SECONDS;
}
