import type { Layout } from '../../media/isobmff/pieces.ts';
import { layoutProgressive } from '../../media/isobmff/progressive.ts';
import { readSampleEntry } from '../../media/isobmff/sample-entry.ts';
import { ticksToSeconds } from '../../media/time.ts';
import type { EncodedChunk } from '../../model/encoded-chunk.ts';
import type { PlannedRung } from '../../model/ladder.ts';
import type { Plan } from '../../model/plan.ts';
import type { Chapter } from '../../model/source.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { type AudioInput, readAudioSamples } from './audio-samples.ts';
import { chapterMarks, progressiveAudio, progressiveVideo, titleTimeline } from './rendition-tracks.ts';
import { type Opener, withObjects } from './stored-objects.ts';
import { readVideoSamples } from './video-samples.ts';
import { type StoredFile, storeLayout } from './write-object.ts';

export type AssembleInput = {
  readonly plan: Plan;
  readonly rung: PlannedRung;
  /** One for each chunk of the plan, in its order; those of `picturesFrom` where the rung carries another's pictures. */
  readonly chunks: readonly EncodedChunk[];
  readonly audio: readonly AudioInput[];
  /** Presentation times of all frames, from `readFrameTimes`. */
  readonly ptsTicks: Float64Array;
  readonly title: string;
  /** On the source's own clock, as delivered. */
  readonly chapters: readonly Chapter[];
  readonly outKey: string;
};

export type AssembledRendition = StoredFile & {
  /** RFC 6381, video first. */
  readonly codecs: readonly string[];
  readonly frames: number;
  readonly durationSeconds: number;
  /** Of the whole file. */
  readonly bitsPerSecond: number;
};

/**
 * Joins a rung's encoded chunks and the title's sound into one progressive file and stores it. Headers are rewritten, media is copied as it is.
 * Memory: about 40 bytes for each frame and each AAC access unit. Throws SL-304, SL-307 or SL-905 when the pieces do not fit together.
 */
export async function assembleRendition(input: AssembleInput, ctx: StageContext): Promise<AssembledRendition> {
  return withObjects(ctx, async (open) => {
    const { layout, codecs, durationSeconds } = await layOut(input, open);
    ctx.reclaimMemory();
    const stored = await storeLayout(layout, input.outKey, ctx);
    return { ...stored, codecs, frames: input.plan.frameCount, durationSeconds, bitsPerSecond: Math.round((stored.sizeBytes * 8) / durationSeconds) };
  });
}

/** All tables of the title are gone when it returns, but for what the layout needs. */
async function layOut(input: AssembleInput, open: Opener): Promise<{ layout: Layout } & Pick<AssembledRendition, 'codecs' | 'durationSeconds'>> {
  const { plan, rung } = input;
  const video = await readVideoSamples(plan, rung, input.chunks, open);
  const audio = [];
  for (const track of input.audio) audio.push(await readAudioSamples(track, open));
  const timeline = titleTimeline(plan, input.ptsTicks, video);
  const tracks = [progressiveVideo(plan, rung, video, timeline), ...progressiveAudio(audio)];
  return {
    layout: layoutProgressive({ brand: rung.container, title: input.title, chapters: chapterMarks(plan, input.chapters), tracks }),
    codecs: tracks.map((track) => readSampleEntry(track.sampleEntry).codec),
    durationSeconds: Math.max(
      ticksToSeconds(plan.videoStartTicks + plan.endPtsTicks - plan.firstPtsTicks, plan.timeBase),
      ...audio.map((track) => track.audibleSamples / track.plan.sampleRate),
    ),
  };
}
