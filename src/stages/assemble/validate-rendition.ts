import type { ByteSource } from '../../media/isobmff/byte-source.ts';
import { type Movie, onlySampleEntry, onlyTrack, readMovie } from '../../media/isobmff/movie.ts';
import { newBlock, PayloadCursor } from '../../media/isobmff/pieces.ts';
import { readSampleEntry } from '../../media/isobmff/sample-entry.ts';
import { tableSamples } from '../../media/isobmff/sample-tables.ts';
import { ticksToSeconds } from '../../media/time.ts';
import { breachMessage, checkCeiling, type SizedSegment } from '../../model/ceiling.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { type AudioProof, proveAudio } from './audio-proof.ts';
import { checkFrames, type Group, placementOf } from './checks.ts';
import { PieceCollector, payloadSha256 } from './payload.ts';
import { type PictureProof, provePictures } from './picture-proof.ts';
import { placeOfChunk } from './places.ts';
import { renditionFault, type ValidateRenditionInput } from './rendition-fault.ts';
import { idrFrames } from './rendition-tracks.ts';
import { type Opener, type OpenObject, withObjects } from './stored-objects.ts';
import { readVideoSamples, type VideoSamples } from './video-samples.ts';

/** What was proven, in figures, for the report. */
export type RenditionValidation = {
  readonly frames: number;
  readonly joins: number;
  readonly idrFrames: number;
  /** Largest difference of a presentation time to the index, gaps and overlaps at joins included. */
  readonly maxTimeErrorTicks: 0;
  /** Difference of the first picture's place on the title's timeline to the plan. */
  readonly startErrorTicks: 0;
  /** Encoded chunks whose every byte of media was found again in the file. */
  readonly identicalChunks: number;
  /** 1 is the ceiling. */
  readonly largestShareOfCeiling: number;
  readonly pictures: PictureProof;
  readonly audio: readonly AudioProof[];
};

/**
 * Holds a finished rendition to the source with nothing but the file itself: frame count, every presentation time, IDRs, the bytes of every sample, the bit-rate
 * ceiling, the picture after each join, sound. Throws SL-304, SL-307 or SL-308 naming the first bad place, SL-905 when a proven object is damaged.
 */
export async function validateRendition(input: ValidateRenditionInput, ctx: StageContext): Promise<RenditionValidation> {
  return withObjects(ctx, async (open) => {
    const file = await open(input.objectKey);
    const video = await proveVideo(input, file.source, open);
    ctx.reclaimMemory();
    const audio = await ofTheFile(input, async () => proveAudio(input, { file: file.source, movie: await readMovie(file.source), open }));
    ctx.reclaimMemory();
    const pictures = await provePictures(input, file.path, ctx);
    return { frames: input.plan.frameCount, joins: input.plan.chunks.length - 1, maxTimeErrorTicks: 0, startErrorTicks: 0, ...video, pictures, audio };
  });
}

/** All of the video track but its pictures. By itself, so that its tables are gone when the sound's are read. */
async function proveVideo(
  input: ValidateRenditionInput,
  source: ByteSource,
  open: Opener,
): Promise<Pick<RenditionValidation, 'idrFrames' | 'identicalChunks' | 'largestShareOfCeiling'>> {
  const chunks = await readVideoSamples(input.plan, input.rung, input.chunks, open);
  const { groups, pieces } = await ofTheFile(input, async () => checkVideo(input, source, await readMovie(source)));
  await provePayload(input, chunks, pieces, open);
  const largestShareOfCeiling = checkRate(input, groups);
  return { idrFrames: groups.length, identicalChunks: pieces.length, largestShareOfCeiling: Math.round(largestShareOfCeiling * 1000) / 1000 };
}

/** What cannot be read in the finished file is its fault. */
async function ofTheFile<T>(input: ValidateRenditionInput, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw renditionFault(input, `the file cannot be read: ${error.message}`);
  }
}

/** Edit list, count, times, IDRs. Returns the groups of pictures and where each chunk's payload lies in the file. */
async function checkVideo(input: ValidateRenditionInput, source: ByteSource, movie: Movie): Promise<{ groups: readonly Group[]; pieces: PieceCollector[] }> {
  const { plan, ptsTicks } = input;
  const { num, den } = plan.timeBase;
  const track = onlyTrack(movie, 'vide');
  const placement = placementOf(track.edits, movie.timescale, track.timescale);
  if (track.timescale !== den || placement === null) throw renditionFault(input, `the edit list or timescale ${track.timescale} is not as written`);
  const presentedTicks = (plan.endPtsTicks - ptsTicks[0]) * num;
  if (placement.startTicks !== plan.videoStartTicks * num)
    throw renditionFault(input, `pictures start at tick ${placement.startTicks} instead of ${plan.videoStartTicks * num}`);
  if (placement.presentedTicks !== presentedTicks) throw renditionFault(input, `pictures last ${placement.presentedTicks} ticks instead of ${presentedTicks}`);
  const pieces = plan.chunks.map(() => new PieceCollector(source));
  let chunk = 0;
  const expected = { ptsTicks, timeBase: plan.timeBase, idrFrames: idrFrames(plan), mediaTimeTicks: placement.mediaTimeTicks };
  const checked = checkFrames(tableSamples(track.tables, source.sizeBytes), expected, (sample, number) => {
    if (number === plan.chunks[chunk].endFrameExclusive) chunk++;
    pieces[chunk].add(sample);
  });
  if ('fault' in checked) throw renditionFault(input, checked.fault.message, checked.fault.frame);
  const { isIdr } = readSampleEntry(onlySampleEntry(track));
  for (const { idr, idrFrame } of checked.groups) {
    if (!isIdr(await source.read(idr.offsetBytes, idr.offsetBytes + idr.sizeBytes)))
      throw renditionFault(input, 'the sample is marked as IDR and is none', idrFrame);
  }
  return { groups: checked.groups, pieces };
}

/** Every sample's bytes are those of the proven chunk, and the chunk is still the one that was proven. */
async function provePayload(input: ValidateRenditionInput, chunks: VideoSamples, pieces: readonly PieceCollector[], open: Opener): Promise<void> {
  const block = newBlock();
  for (const [i, chunk] of input.plan.chunks.entries()) {
    const { objectKey, sha256 } = input.chunks[i];
    const { source }: OpenObject = await open(objectKey);
    const wholeFile = await payloadSha256([{ copy: source, start: 0, endExclusive: source.sizeBytes }], block);
    if (wholeFile !== sha256)
      throw new ScenelineError('SL-905', `The stored object ${objectKey} is not the proven one any more.`, { evidence: { objectKeys: [objectKey] } });
    const sizes = chunks.sizesBytes.subarray(chunk.startFrame, chunk.endFrameExclusive);
    const proven = await payloadSha256(new PayloadCursor(sizes, chunks.chunkExtents[i]).take(sizes.length), block);
    if (proven !== (await payloadSha256(pieces[i].pieces, block))) {
      throw renditionFault(input, `the media of ${placeOfChunk(chunk)} is not that of its encoded chunk`, chunk.startFrame);
    }
  }
}

function checkRate(input: ValidateRenditionInput, groups: readonly Group[]): number {
  const { plan, ptsTicks } = input;
  const startOf = (i: number): number => (i < groups.length ? ptsTicks[groups[i].idrFrame] : plan.endPtsTicks);
  const segments: SizedSegment[] = groups.map(({ sizeBytes }, i) => ({
    sizeBytes,
    durationSeconds: ticksToSeconds(startOf(i + 1) - startOf(i), plan.timeBase),
  }));
  const { largestShare, breach } = checkCeiling(segments, input.rung);
  if (breach !== null) throw renditionFault(input, breachMessage(breach), groups[breach.segment].idrFrame, 'SL-308');
  return largestShare;
}
