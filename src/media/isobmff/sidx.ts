import { Fields } from './boxes.ts';
import { fullBox, u16, u32, u64, words } from './write-boxes.ts';

const MAX_REFERENCES = 0xffff;
const MAX_REFERENCE_BYTES = 0x7fffffff;
const SAP_TYPE_1 = 0x90000000;

/** One line of a segment index (ISO/IEC 14496-12, 8.16.3). */
export type IndexReference = {
  readonly sizeBytes: number;
  readonly durationTicks: number;
  readonly isIndex: boolean;
  readonly startsWithSap: boolean;
  readonly sapType: number;
};

export type SegmentIndex = {
  readonly referenceId: number;
  readonly timescale: number;
  /** Presentation time of the first reference. */
  readonly earliestTicks: number;
  /** From the end of the `sidx` box to the first referenced byte. */
  readonly firstOffsetBytes: number;
  readonly references: readonly IndexReference[];
};

/** Reads the body of a `sidx` box. RangeError: malformed. */
export function parseSidx(body: Uint8Array): SegmentIndex {
  const fields = new Fields(body);
  const { version } = fields.fullBox();
  const referenceId = fields.u32();
  const timescale = fields.u32();
  if (timescale === 0) throw new RangeError('sidx has timescale 0');
  const earliestTicks = version === 0 ? fields.u32() : fields.u64();
  const firstOffsetBytes = version === 0 ? fields.u32() : fields.u64();
  fields.skip(2);
  const count = fields.u16();
  if (count * 12 > fields.remainingBytes) throw new RangeError(`sidx announces ${count} references`);
  const references: IndexReference[] = [];
  for (let i = 0; i < count; i++) {
    const size = fields.u32();
    const durationTicks = fields.u32();
    const sap = fields.u32();
    references.push({
      sizeBytes: size & MAX_REFERENCE_BYTES,
      durationTicks,
      isIndex: size > MAX_REFERENCE_BYTES,
      startsWithSap: sap >= 0x80000000,
      sapType: (sap >>> 28) & 7,
    });
  }
  return { referenceId, timescale, earliestTicks, firstOffsetBytes, references };
}

/** Writes a `sidx` box whose references follow it at once, each starting with a SAP of type 1. RangeError when a number does not fit. */
export function sidxBox(index: {
  readonly referenceId: number;
  readonly timescale: number;
  readonly earliestTicks: number;
  readonly references: readonly { readonly sizeBytes: number; readonly durationTicks: number }[];
}): Uint8Array {
  if (index.references.length > MAX_REFERENCES) throw new RangeError(`${index.references.length} segments do not fit in one sidx of ${MAX_REFERENCES}`);
  const version = index.earliestTicks > 0xffffffff ? 1 : 0;
  const time = version === 0 ? u32 : u64;
  const lines = index.references.flatMap(({ sizeBytes, durationTicks }) => {
    if (sizeBytes > MAX_REFERENCE_BYTES) throw new RangeError(`a segment of ${sizeBytes} bytes does not fit in a sidx`);
    return [sizeBytes, durationTicks, SAP_TYPE_1];
  });
  return fullBox(
    'sidx',
    version,
    0,
    u32(index.referenceId),
    u32(index.timescale),
    time(index.earliestTicks),
    time(0),
    u16(0),
    u16(index.references.length),
    words(lines),
  );
}
