import type { Inspection } from '../../model/inspection.ts';
import type { Ladder } from '../../model/ladder.ts';
import type { Chunk, Plan } from '../../model/plan.ts';
import type { Sidecar } from '../../model/sidecar.ts';
import type { VideoTrack } from '../../model/source.ts';
import { planAudio } from './audio.ts';
import { placeBorders } from './borders.ts';
import { groupIntoChunks, targetChunkSeconds } from './chunks.ts';
import { fitRungs } from './ladder/fit.ts';
import { planText } from './text.ts';

export type PlanInput = {
  readonly inspection: Inspection;
  readonly ladder: Ladder;
  /** Subtitles delivered beside the source; missing: none. */
  readonly sidecars?: readonly Sidecar[];
  /** Presentation times of all frames known, in order; as many as `inspection.frameCount`. */
  readonly ptsTicks: ArrayLike<number>;
  /** The 16-byte hash of a decoded frame; asked once for every frame that may start a segment. */
  readonly hashOf: (frame: number) => Uint8Array;
  /** False: the inspection covers only the beginning of the source. Its last shot then counts as still open. */
  readonly complete: boolean;
};

/**
 * Decides everything that is made of a title. Pure: the same input gives the same plan, and the chunks of a plan that is not complete
 * are the first chunks of the whole one.
 * A title of sound only has no chunks and no rungs. Throws RangeError when the parts of the input do not belong together or there is nothing to see or hear.
 */
export function planTitle(input: PlanInput): Plan {
  const { inspection, ladder, ptsTicks, complete } = input;
  const { facts, frameCount, timeBase } = inspection;
  if (facts.video !== null && frameCount === 0) throw new RangeError('a film without pictures cannot be planned');
  if (ptsTicks.length !== frameCount) throw new RangeError(`${ptsTicks.length} frame times for ${frameCount} frames`);
  const { audio, videoStartTicks } = planAudio(inspection, ladder.audioKbpsPerChannel, ladder.loudnessLufs);
  if (facts.video === null && audio.length === 0) throw new RangeError('a title without pictures and sound cannot be planned');
  return {
    version: 1,
    inspectionId: inspection.id,
    complete,
    frameCount,
    timeBase,
    firstPtsTicks: inspection.firstPtsTicks,
    endPtsTicks: inspection.endPtsTicks,
    videoStartTicks,
    ...(facts.video === null ? { rungs: [], chunks: [] } : { rungs: fitRungs(ladder, facts.video), chunks: chunksOf(input, facts.video) }),
    audio,
    text: planText(facts.text, input.sidecars),
  };
}

function chunksOf({ inspection, ptsTicks, hashOf, complete }: PlanInput, video: VideoTrack): Chunk[] {
  const { frameCount, timeBase, endPtsTicks } = inspection;
  const clock = { ptsTicks, endTicks: endPtsTicks, timeBase };
  const shotStarts = inspection.shots.map((shot) => shot.startFrame);
  return groupIntoChunks({
    borders: placeBorders(shotStarts, clock, complete),
    hashOf: (frame) => Buffer.from(hashOf(frame)).toString('hex'),
    timeBase,
    targetSeconds: targetChunkSeconds(video.widthPx * video.heightPx),
    end: complete ? { frame: frameCount, timeTicks: endPtsTicks } : null,
  });
}
