import { ticksToSeconds } from '../../media/time.ts';
import type { Plan } from '../../model/plan.ts';
import type { ChunkQuality } from '../../model/quality.ts';
import type { RenditionQuality } from '../../model/report.ts';
import type { Shot } from '../../model/shot.ts';

type Picture = RenditionQuality['pictures'][number];

export type ScoredFilm = {
  readonly plan: Pick<Plan, 'chunks' | 'timeBase' | 'firstPtsTicks' | 'videoStartTicks'>;
  readonly shots: readonly Shot[];
  /** Presentation time of every frame on the source's clock. */
  readonly ptsTicks: Float64Array;
};

/**
 * A rendition's scores, by picture, by shot and in all. Pure.
 * @param ofChunks scores of its encoded chunks in the order of the plan; null where there are none
 */
export function describeQuality({ plan, shots, ptsTicks }: ScoredFilm, ofChunks: readonly (ChunkQuality | null)[]): RenditionQuality {
  const secondsOf = (frame: number) => Number(ticksToSeconds(ptsTicks[frame] - plan.firstPtsTicks + plan.videoStartTicks, plan.timeBase).toFixed(6));
  const pictures = plan.chunks.flatMap(({ startFrame }, chunk): Picture[] => {
    const quality = ofChunks[chunk];
    if (!quality) return [];
    return quality.positions.map((position, i) => {
      const frame = startFrame + position;
      const vmaf = quality.vmaf[i];
      return { frame, seconds: secondsOf(frame), ssim: quality.ssim[i], ...(vmaf !== null && { vmaf }) };
    });
  });
  const scoredChunks = plan.chunks.filter((_, chunk) => ofChunks[chunk]).length;
  return { chunks: scoredChunks, chunksWithoutScore: plan.chunks.length - scoredChunks, ...summarise(pictures), shots: byShot(shots, pictures), pictures };
}

/** One pass over both lists, which are in order. */
function byShot(shots: readonly Shot[], pictures: readonly Picture[]): RenditionQuality['shots'] {
  let at = 0;
  return shots.map((shot) => {
    const first = at;
    while (at < pictures.length && pictures[at].frame < shot.endFrameExclusive) at++;
    const { startFrame, endFrameExclusive, startSeconds } = shot;
    return { startFrame, endFrameExclusive, startSeconds, pictures: at - first, ...summarise(pictures.slice(first, at)) };
  });
}

function summarise(pictures: readonly Picture[]): Pick<RenditionQuality, 'ssim' | 'vmaf'> {
  const ssim = pictures.map((picture) => picture.ssim);
  const vmaf = pictures.flatMap((picture) => picture.vmaf ?? []);
  return { ...(ssim.length > 0 && { ssim: spread(ssim, 4) }), ...(vmaf.length > 0 && { vmaf: spread(vmaf, 2) }) };
}

function spread(scores: readonly number[], decimals: number): { mean: number; worst: number } {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return { mean: Number(mean.toFixed(decimals)), worst: scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY) };
}
