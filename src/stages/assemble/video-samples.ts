import type { ByteSource } from '../../media/isobmff/byte-source.ts';
import { readFragments } from '../../media/isobmff/fragments.ts';
import { onlySampleEntry, onlyTrack, readMovie } from '../../media/isobmff/movie.ts';
import type { Extent, Sample } from '../../media/isobmff/sample.ts';
import { readSampleEntry, sampleEntryIdentity } from '../../media/isobmff/sample-entry.ts';
import type { EncodedChunk } from '../../model/encoded-chunk.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { PlannedRung } from '../../model/ladder.ts';
import type { Chunk, Plan } from '../../model/plan.ts';
import { placeOfChunk } from './places.ts';
import { type Opener, readable } from './stored-objects.ts';

/** The pictures of a whole rendition in decode order, still lying in the encoded chunks. */
export type VideoSamples = {
  /** As the first chunk has it. */
  readonly sampleEntry: Uint8Array;
  readonly sizesBytes: Uint32Array;
  /** Frame number of every sample. */
  readonly frameOfSample: Uint32Array;
  readonly extents: readonly Extent[];
  /** The extents of each chunk by itself, in plan order. */
  readonly chunkExtents: readonly (readonly Extent[])[];
};

type ChunkSamples = { readonly sampleEntry: Uint8Array; readonly samples: readonly Sample[] };

/**
 * Reads the headers of all encoded chunks of a rung and holds them to the plan. Throws SL-304 when the chunks are not those of the plan, frames are missing,
 * or IDRs are elsewhere; SL-307 when two chunks need different decoders; SL-905 when one cannot be read.
 */
export async function readVideoSamples(plan: Plan, rung: PlannedRung, chunks: readonly EncodedChunk[], open: Opener): Promise<VideoSamples> {
  checkCoverage(plan, chunks);
  const sizesBytes = new Uint32Array(plan.frameCount);
  const frameOfSample = new Uint32Array(plan.frameCount);
  const chunkExtents: Extent[][] = [];
  let first: { readonly entry: Uint8Array; readonly identity: string } | null = null;
  for (const [i, chunk] of plan.chunks.entries()) {
    const { objectKey } = chunks[i];
    const { source } = await open(objectKey);
    const read = await readable(objectKey, async () => {
      const found = await readChunk(source);
      return { ...found, identity: sampleEntryIdentity(found.sampleEntry), facts: readSampleEntry(found.sampleEntry) };
    });
    first ??= { entry: read.sampleEntry, identity: read.identity };
    const isFit = read.facts.family === rung.codec && read.facts.widthPx === rung.widthPx && read.facts.heightPx === rung.heightPx;
    if (read.identity !== first.identity || !isFit) throw differentHeader(plan, chunk, rung, chunks[i]);
    const fault = chunkFault(chunk, read.samples);
    if (fault !== null) {
      const evidence = { firstBadFrame: fault.frame, objectKeys: [objectKey] };
      throw new ScenelineError('SL-304', `${rung.name}, ${placeOfChunk(chunk)}: ${fault.message}.`, { evidence });
    }
    presentationRanks(read.samples).forEach((rank, sample) => {
      frameOfSample[chunk.startFrame + sample] = chunk.startFrame + rank;
      sizesBytes[chunk.startFrame + sample] = read.samples[sample].sizeBytes;
    });
    chunkExtents.push(extentsOf(source, read.samples));
  }
  if (first === null) throw new ScenelineError('SL-304', `${rung.name} has no chunks.`);
  return { sampleEntry: first.entry, sizesBytes, frameOfSample, extents: chunkExtents.flat(), chunkExtents };
}

/** Reads the headers of one encoded chunk. RangeError: malformed. */
async function readChunk(source: ByteSource): Promise<ChunkSamples> {
  const movie = await readMovie(source);
  const track = onlyTrack(movie, 'vide');
  const samples: Sample[] = [];
  for await (const fragment of readFragments(source, movie, track.trackId)) for (const sample of fragment.samples) samples.push(sample);
  return { sampleEntry: onlySampleEntry(track), samples };
}

/**
 * What keeps samples from being joined as this chunk, or null: another number of frames, two frames at one time, IDRs that are not where the plan has them,
 * or a frame that is presented before the IDR it is decoded after.
 */
export function chunkFault(chunk: Chunk, samples: readonly Sample[]): { readonly frame: number; readonly message: string } | null {
  const count = chunk.endFrameExclusive - chunk.startFrame;
  if (samples.length !== count)
    return { frame: chunk.startFrame + Math.min(samples.length, count), message: `${samples.length} frames where the plan has ${count}` };
  const ranks = presentationRanks(samples);
  const idrFrames = new Set(chunk.idrFrames);
  const seen = new Set<number>();
  let idr = chunk.startFrame;
  for (const [position, sample] of samples.entries()) {
    const frame = chunk.startFrame + ranks[position];
    if (seen.has(frame)) return { frame, message: `two frames have the time of frame ${frame}` };
    seen.add(frame);
    if (idrFrames.has(chunk.startFrame + position)) {
      idr = chunk.startFrame + position;
      if (!sample.isSync) return { frame: idr, message: `the IDR frame ${idr} is missing` };
      if (frame !== idr) return { frame, message: `frame ${frame} is presented before the IDR that it follows` };
    } else {
      if (sample.isSync) return { frame, message: `frame ${frame} is an IDR that the plan does not have` };
      if (frame < idr) return { frame, message: `frame ${frame} is presented before the IDR that it follows` };
    }
  }
  return null;
}

/** Place in presentation order of every sample in decode order. Equal times get equal places. */
function presentationRanks(samples: readonly Sample[]): Uint32Array {
  const byTime = samples.map((_, i) => i).sort((a, b) => samples[a].ptsTicks - samples[b].ptsTicks);
  const ranks = new Uint32Array(samples.length);
  byTime.forEach((sample, rank) => {
    const previous = byTime[rank - 1];
    ranks[sample] = rank > 0 && samples[previous].ptsTicks === samples[sample].ptsTicks ? ranks[previous] : rank;
  });
  return ranks;
}

function extentsOf(source: ByteSource, samples: readonly Sample[]): Extent[] {
  const extents: Extent[] = [];
  let first = 0;
  for (let i = 1; i <= samples.length; i++) {
    if (i < samples.length && samples[i].offsetBytes === samples[i - 1].offsetBytes + samples[i - 1].sizeBytes) continue;
    extents.push({ source, startBytes: samples[first].offsetBytes, sampleCount: i - first });
    first = i;
  }
  return extents;
}

function checkCoverage(plan: Plan, chunks: readonly EncodedChunk[]): void {
  let next = 0;
  for (const chunk of plan.chunks) {
    if (chunk.startFrame !== next) throw new ScenelineError('SL-304', `The plan leaves a gap before ${placeOfChunk(chunk)}.`);
    next = chunk.endFrameExclusive;
  }
  if (!plan.complete || next !== plan.frameCount) throw new ScenelineError('SL-304', `The plan ends at frame ${next} of ${plan.frameCount}.`);
  if (chunks.length !== plan.chunks.length)
    throw new ScenelineError('SL-304', `${chunks.length} encoded chunks were given for ${plan.chunks.length} planned ones.`);
}

function differentHeader(plan: Plan, chunk: Chunk, rung: PlannedRung, encoded: EncodedChunk): ScenelineError {
  const message = `${rung.name}, ${placeOfChunk(chunk)}: its sample description is not that of ${placeOfChunk(plan.chunks[0])} and of the rung.`;
  return new ScenelineError('SL-307', message, { evidence: { firstBadFrame: chunk.startFrame, objectKeys: [encoded.objectKey] } });
}
