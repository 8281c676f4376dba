import type { CmafTrack } from '../../media/cmaf/track.ts';
import { layoutCmafTrack } from '../../media/cmaf/write-track.ts';
import { AAC_FRAME_SAMPLES } from '../../media/codecs/aac.ts';
import { finishSampleEntry } from '../../media/isobmff/sample-entry.ts';
import type { EncodedChunk } from '../../model/encoded-chunk.ts';
import type { PlannedRung } from '../../model/ladder.ts';
import type { Plan } from '../../model/plan.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { type AudioInput, readAudioSamples } from './audio-samples.ts';
import { idrFrames, languageFields, titleTimeline, videoTrackSamples } from './rendition-tracks.ts';
import { withObjects } from './stored-objects.ts';
import { readVideoSamples } from './video-samples.ts';
import { type StoredFile, storeLayout } from './write-object.ts';

const AUDIO_FRAGMENT_SECONDS = 4;

export type TracksInput = {
  readonly plan: Plan;
  /** Rungs that carry another's pictures may be among them; they get no track. */
  readonly renditions: readonly { readonly rung: PlannedRung; readonly chunks: readonly EncodedChunk[] }[];
  readonly audio: readonly AudioInput[];
  /** Presentation times of all frames, from `readFrameTimes`. */
  readonly ptsTicks: Float64Array;
  /** Tracks are stored under `<keyPrefix>/<name>.mp4`. */
  readonly keyPrefix: string;
};

export type AssembledTrack = { readonly track: CmafTrack; readonly stored: StoredFile };

/**
 * Makes the clear single-file CMAF tracks of a title: one for each rung with pictures of its own, one for each audio rendition. They stand on the title's
 * timeline: video fragments start at the planned IDRs, audio fragments every four seconds. Throws like `assembleRendition`.
 */
export async function assembleTracks(input: TracksInput, ctx: StageContext): Promise<AssembledTrack[]> {
  const made: AssembledTrack[] = [];
  for (const { rung, chunks } of input.renditions) {
    if (rung.picturesFrom === null) made.push(await videoTrack(input, rung, chunks, ctx));
  }
  for (const audio of input.audio) made.push(await audioTrack(input, audio, ctx));
  return made;
}

async function videoTrack(input: TracksInput, rung: PlannedRung, chunks: readonly EncodedChunk[], ctx: StageContext): Promise<AssembledTrack> {
  const { plan } = input;
  return withObjects(ctx, async (open) => {
    const video = await readVideoSamples(plan, rung, chunks, open);
    const timeline = titleTimeline(plan, input.ptsTicks, video);
    const { track, layout } = layoutCmafTrack({
      ...fileName(rung.name),
      sampleEntry: finishSampleEntry(video.sampleEntry, rung.hdrColor),
      timescale: timeline.timescale,
      language: 'und',
      extendedLanguage: null,
      handlerName: 'Video',
      samples: videoTrackSamples(plan, video, timeline),
      fragmentStarts: idrFrames(plan),
      startTicks: timeline.startTicks,
      mediaTimeTicks: timeline.mediaTimeTicks,
      endTicks: timeline.startTicks + timeline.presentedTicks,
      facts: {},
    });
    return { track, stored: await storeLayout(layout, `${input.keyPrefix}/${track.file}`, ctx) };
  });
}

async function audioTrack(input: TracksInput, audio: AudioInput, ctx: StageContext): Promise<AssembledTrack> {
  const { name, language, title, isDefault, role, sampleRate } = audio.plan;
  return withObjects(ctx, async (open) => {
    const sound = await readAudioSamples(audio, open);
    const { track, layout } = layoutCmafTrack({
      ...fileName(name),
      sampleEntry: sound.sampleEntry,
      timescale: sampleRate,
      ...languageFields(language),
      handlerName: title || 'Sound',
      samples: sound.samples,
      fragmentStarts: audioFragmentStarts(sound.samples.sizesBytes.length, sampleRate),
      startTicks: 0,
      mediaTimeTicks: sound.primingSamples,
      endTicks: sound.audibleSamples,
      facts: { language, title, isDefault, sampleRate, ...(role ? { role } : {}) },
    });
    return { track, stored: await storeLayout(layout, `${input.keyPrefix}/${track.file}`, ctx) };
  });
}

/** Access units at which fragments of about four seconds start. A rest shorter than half a fragment stays with the last one. */
export function audioFragmentStarts(units: number, sampleRate: number): number[] {
  const unitsPerFragment = Math.max(1, Math.round((AUDIO_FRAGMENT_SECONDS * sampleRate) / AAC_FRAME_SAMPLES));
  const count = Math.max(1, Math.round(units / unitsPerFragment));
  return Array.from({ length: count }, (_, i) => i * unitsPerFragment);
}

function fileName(name: string): { name: string; file: string } {
  return { name, file: `${name}.mp4` };
}
