import type { ByteSource } from '../../media/isobmff/byte-source.ts';
import { readFragments } from '../../media/isobmff/fragments.ts';
import { onlySampleEntry, onlyTrack, readMovie } from '../../media/isobmff/movie.ts';
import type { Sample } from '../../media/isobmff/sample.ts';
import { readSampleEntry, sampleEntryIdentity } from '../../media/isobmff/sample-entry.ts';
import { type TimeBase, ticksToSeconds } from '../../media/time.ts';
import { breachMessage, checkCeiling, type SizedSegment } from '../../model/ceiling.ts';
import type { PlannedRung } from '../../model/ladder.ts';

/** What an encoded chunk has to look like. */
export type ChunkExpectation = {
  readonly rung: PlannedRung;
  readonly timeBase: TimeBase;
  readonly ptsTicks: readonly number[];
  /** First presentation time after the chunk; null at the end of the film. */
  readonly endPtsTicks: number | null;
  readonly idrPositions: readonly number[];
};

/** Main 10 of H.265, and AV1 with 10 bits: an encoder built for 8 bits is handed converted pictures without a word. */
const TEN_BITS = /^hvc1\.2\.|^av01\..*\.10$/;

export type StructureFault = { readonly code: 'SL-302' | 'SL-308'; readonly message: string; readonly position: number };
export type ChunkStructure = { readonly headerSha256: string; readonly fault: StructureFault | null };

/**
 * Reads an encoded chunk's boxes and holds count, times, IDR places and sizes to the plan. Pictures are not decoded here.
 * A file that cannot be read as fMP4 is a fault, not an exception.
 */
export async function checkStructure(source: ByteSource, expected: ChunkExpectation): Promise<ChunkStructure> {
  try {
    const movie = await readMovie(source);
    const track = onlyTrack(movie, 'vide');
    const entry = onlySampleEntry(track);
    const headerSha256 = sampleEntryIdentity(entry);
    const facts = readSampleEntry(entry);
    if (facts.widthPx !== expected.rung.widthPx || facts.heightPx !== expected.rung.heightPx) {
      return { headerSha256, fault: broken(`picture is ${facts.widthPx}×${facts.heightPx} instead of ${expected.rung.widthPx}×${expected.rung.heightPx}`) };
    }
    if (facts.family !== expected.rung.codec) return { headerSha256, fault: broken(`codec is ${facts.family} instead of ${expected.rung.codec}`) };
    if (expected.rung.hdr && !TEN_BITS.test(facts.codec)) return { headerSha256, fault: broken(`HDR pictures need 10 bits and are coded as ${facts.codec}`) };
    const fragments: (readonly Sample[])[] = [];
    for await (const fragment of readFragments(source, movie, track.trackId)) fragments.push(fragment.samples);
    const times = checkTimes(fragments.flat(), track.timescale, expected);
    const fault = times ?? (await checkFragments(source, fragments, expected, facts.isIdr)) ?? checkSizes(fragments, expected);
    return { headerSha256, fault };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { headerSha256: '', fault: broken(`not a readable encoded chunk: ${error.message}`) };
  }
}

function broken(message: string, position = 0): StructureFault {
  return { code: 'SL-302', message, position };
}

/** Count and relative presentation times, tick by tick. */
function checkTimes(samples: readonly Sample[], timescale: number, expected: ChunkExpectation): StructureFault | null {
  const { ptsTicks, timeBase } = expected;
  if (samples.length !== ptsTicks.length) return broken(`${samples.length} frames instead of ${ptsTicks.length}`, Math.min(samples.length, ptsTicks.length));
  if (timescale !== timeBase.den) return broken(`timescale ${timescale} instead of ${timeBase.den}`);
  const shown = samples.map((sample) => sample.ptsTicks).sort((a, b) => a - b);
  for (const [i, pts] of shown.entries()) {
    const wanted = (ptsTicks[i] - ptsTicks[0]) * timeBase.num;
    if (pts - shown[0] !== wanted) return broken(`frame ${i} is shown ${pts - shown[0]} ticks after the first instead of ${wanted}`, i);
  }
  return null;
}

/** One fragment per planned IDR, each starting with an IDR picture that nothing after it precedes in time. */
async function checkFragments(
  source: ByteSource,
  fragments: readonly (readonly Sample[])[],
  expected: ChunkExpectation,
  isIdr: (sample: Uint8Array) => boolean,
): Promise<StructureFault | null> {
  const lengths = segmentLengths(expected);
  if (fragments.length !== lengths.length) return broken(`${fragments.length} segments instead of ${lengths.length}`);
  for (const [i, samples] of fragments.entries()) {
    const position = expected.idrPositions[i];
    if (samples.length !== lengths[i]) return broken(`segment ${i} has ${samples.length} frames instead of ${lengths[i]}`, position);
    const [first, ...others] = samples;
    if (!first.isSync || others.some((sample) => sample.isSync)) return broken(`segment ${i} is not led by its only key frame`, position);
    if (others.some((sample) => sample.ptsTicks < first.ptsTicks)) return broken(`segment ${i} has pictures before its IDR frame`, position);
    if (!isIdr(await source.read(first.offsetBytes, first.offsetBytes + first.sizeBytes)))
      return broken(`segment ${i} does not start with an IDR picture`, position);
  }
  return null;
}

function checkSizes(fragments: readonly (readonly Sample[])[], expected: ChunkExpectation): StructureFault | null {
  const { ptsTicks, endPtsTicks, idrPositions, timeBase } = expected;
  const lastTick = endPtsTicks ?? ptsTicks[ptsTicks.length - 1];
  const segments: SizedSegment[] = fragments.map((samples, i) => {
    const endTicks = i + 1 < idrPositions.length ? ptsTicks[idrPositions[i + 1]] : lastTick;
    return {
      sizeBytes: samples.reduce((sum, sample) => sum + sample.sizeBytes, 0),
      durationSeconds: ticksToSeconds(endTicks - ptsTicks[idrPositions[i]], timeBase),
    };
  });
  const { breach } = checkCeiling(segments, expected.rung);
  return breach && { code: 'SL-308', message: breachMessage(breach), position: idrPositions[breach.segment] };
}

function segmentLengths({ idrPositions, ptsTicks }: ChunkExpectation): number[] {
  return idrPositions.map((start, i) => (idrPositions[i + 1] ?? ptsTicks.length) - start);
}
