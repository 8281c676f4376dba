import { type Box, childBoxes, Fields, findBox, needBox, topLevelBoxes } from './boxes.ts';
import { type ByteSource, windowedSource } from './byte-source.ts';
import type { Movie, SampleDefaults } from './movie.ts';
import type { Sample } from './sample.ts';

const MAX_MOOF_BYTES = 64 * 1024 * 1024;
/** More samples in one run than this are refused: hours of sound. */
const MAX_RUN_SAMPLES = 1 << 20;
const SAMPLE_IS_NON_SYNC = 0x10000;

/** Flags of `tfhd` and `trun` (ISO/IEC 14496-12, 8.8.7 and 8.8.8). */
const TFHD_BASE_DATA_OFFSET = 0x1;
const TFHD_SAMPLE_DESCRIPTION = 0x2;
const TFHD_DEFAULT_DURATION = 0x8;
const TFHD_DEFAULT_SIZE = 0x10;
const TFHD_DEFAULT_FLAGS = 0x20;
const TFHD_BASE_IS_MOOF = 0x20000;
const TRUN_DATA_OFFSET = 0x1;
const TRUN_FIRST_FLAGS = 0x4;
const TRUN_DURATION = 0x100;
const TRUN_SIZE = 0x200;
const TRUN_FLAGS = 0x400;
const TRUN_COMPOSITION = 0x800;

/** One `moof` as far as one track is concerned. */
export type Fragment = {
  readonly moofStart: number;
  readonly samples: readonly Sample[];
};

/** Every fragment of a track in file order, one at a time; media data is not read. RangeError: malformed, or a sample leaves the file. */
export async function* readFragments(source: ByteSource, movie: Movie, trackId: number): AsyncGenerator<Fragment> {
  const defaults = movie.defaults.find((it) => it.trackId === trackId);
  if (defaults === undefined) throw new RangeError(`track ${trackId} has no trex box`);
  const window = windowedSource(source);
  let nextDtsTicks = 0;
  for await (const box of topLevelBoxes(window)) {
    if (box.type !== 'moof') continue;
    if (box.endExclusive - box.bodyStart > MAX_MOOF_BYTES) throw new RangeError(`moof has ${box.endExclusive - box.bodyStart} bytes`);
    const moof = await window.read(box.bodyStart, box.endExclusive);
    const samples = parseMoof(moof, box.start, { defaults, nextDtsTicks, fileSizeBytes: source.sizeBytes });
    const last = samples[samples.length - 1];
    if (last !== undefined) nextDtsTicks = last.dtsTicks + last.durationTicks;
    yield { moofStart: box.start, samples };
  }
}

type MoofContext = { readonly defaults: SampleDefaults; readonly nextDtsTicks: number; readonly fileSizeBytes: number };

function parseMoof(moof: Uint8Array, moofStart: number, context: MoofContext): Sample[] {
  const samples: Sample[] = [];
  const trafs = childBoxes(moof).filter((it) => it.type === 'traf');
  trafs.forEach((traf, position) => {
    const boxes = childBoxes(moof, traf.bodyStart, traf.endExclusive);
    const head = parseTfhd(moof, needBox(boxes, 'tfhd', 'traf'), context.defaults);
    if (head.trackId !== context.defaults.trackId) return;
    const isMoofBased = head.baseIsMoof || (head.baseDataOffsetBytes === null && position === 0);
    if (!isMoofBased && head.baseDataOffsetBytes === null) throw new RangeError('tfhd gives no base for its data offsets');
    const state = {
      baseBytes: head.baseDataOffsetBytes ?? moofStart,
      offsetBytes: head.baseDataOffsetBytes ?? moofStart,
      dtsTicks: parseTfdt(moof, findBox(boxes, 'tfdt')) ?? context.nextDtsTicks,
    };
    for (const trun of boxes.filter((it) => it.type === 'trun')) parseTrun(moof, trun, head, state, context.fileSizeBytes, samples);
  });
  return samples;
}

type TrackFragmentHead = SampleDefaults & { readonly baseDataOffsetBytes: number | null; readonly baseIsMoof: boolean };

function parseTfhd(bytes: Uint8Array, box: Box, defaults: SampleDefaults): TrackFragmentHead {
  const fields = new Fields(bytes, box.bodyStart, box.endExclusive);
  const { flags } = fields.fullBox();
  const trackId = fields.u32();
  const baseDataOffsetBytes = (flags & TFHD_BASE_DATA_OFFSET) === 0 ? null : fields.u64();
  if ((flags & TFHD_SAMPLE_DESCRIPTION) !== 0) fields.skip(4);
  return {
    trackId,
    baseDataOffsetBytes,
    baseIsMoof: (flags & TFHD_BASE_IS_MOOF) !== 0,
    durationTicks: (flags & TFHD_DEFAULT_DURATION) === 0 ? defaults.durationTicks : fields.u32(),
    sizeBytes: (flags & TFHD_DEFAULT_SIZE) === 0 ? defaults.sizeBytes : fields.u32(),
    flags: (flags & TFHD_DEFAULT_FLAGS) === 0 ? defaults.flags : fields.u32(),
  };
}

function parseTfdt(bytes: Uint8Array, box: Box | null): number | null {
  if (box === null) return null;
  const fields = new Fields(bytes, box.bodyStart, box.endExclusive);
  return fields.fullBox().version === 1 ? fields.u64() : fields.u32();
}

/** Appends the samples of one run and moves `state` on. */
function parseTrun(
  bytes: Uint8Array,
  box: Box,
  head: TrackFragmentHead,
  state: { readonly baseBytes: number; offsetBytes: number; dtsTicks: number },
  fileSizeBytes: number,
  samples: Sample[],
): void {
  const fields = new Fields(bytes, box.bodyStart, box.endExclusive);
  const { version, flags } = fields.fullBox();
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const count = fields.u32();
  if (has(TRUN_DATA_OFFSET)) state.offsetBytes = state.baseBytes + fields.i32();
  const firstFlags = has(TRUN_FIRST_FLAGS) ? fields.u32() : null;
  const entryBytes = [TRUN_DURATION, TRUN_SIZE, TRUN_FLAGS, TRUN_COMPOSITION].filter(has).length * 4;
  if (count > MAX_RUN_SAMPLES || count * entryBytes > fields.remainingBytes) throw new RangeError(`trun announces ${count} samples`);
  for (let i = 0; i < count; i++) {
    const durationTicks = has(TRUN_DURATION) ? fields.u32() : head.durationTicks;
    const sizeBytes = has(TRUN_SIZE) ? fields.u32() : head.sizeBytes;
    const ownFlags = has(TRUN_FLAGS) ? fields.u32() : head.flags;
    const sampleFlags = i === 0 && firstFlags !== null ? firstFlags : ownFlags;
    const compositionTicks = has(TRUN_COMPOSITION) ? (version === 0 ? fields.u32() : fields.i32()) : 0;
    const { offsetBytes, dtsTicks } = state;
    if (sizeBytes === 0 || offsetBytes < 0 || offsetBytes + sizeBytes > fileSizeBytes)
      throw new RangeError(`a sample of ${sizeBytes} bytes at ${offsetBytes} leaves the file`);
    samples.push({ offsetBytes, sizeBytes, dtsTicks, ptsTicks: dtsTicks + compositionTicks, durationTicks, isSync: (sampleFlags & SAMPLE_IS_NON_SYNC) === 0 });
    state.offsetBytes += sizeBytes;
    state.dtsTicks += durationTicks;
  }
}
