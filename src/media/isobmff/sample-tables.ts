import { type Box, Fields, findBox, needBox } from './boxes.ts';
import type { Sample } from './sample.ts';

/** Bounds the work that a constant sample size can ask for: 12 days at 60 frames a second. */
const MAX_SAMPLES = 1 << 26;

/** Fixed-size entries as they lie in the file. */
export type Table = { readonly view: DataView; readonly count: number };

/** Views of the tables of one `stbl` (ISO/IEC 14496-12, 8.6 and 8.7); nothing is unpacked. */
export type SampleTables = {
  readonly sampleCount: number;
  /** Zero: sizes differ and stand in `sizes`. */
  readonly constantSizeBytes: number;
  readonly sizes: Table;
  readonly timeToSample: Table;
  readonly compositionOffsets: Table | null;
  readonly compositionIsSigned: boolean;
  readonly sampleToChunk: Table;
  readonly chunkOffsets: Table;
  readonly chunkOffsetsAre64Bit: boolean;
  readonly syncSamples: Table | null;
};

/** Reads the tables' heads and bounds. RangeError: a table is missing or larger than its box. */
export function parseSampleTables(bytes: Uint8Array, stblBoxes: readonly Box[]): SampleTables {
  const wide = findBox(stblBoxes, 'co64');
  const composition = findBox(stblBoxes, 'ctts');
  const sync = findBox(stblBoxes, 'stss');
  const stsz = needBox(stblBoxes, 'stsz', 'stbl');
  const sizeFields = new Fields(bytes, stsz.bodyStart, stsz.endExclusive);
  sizeFields.fullBox();
  const constantSizeBytes = sizeFields.u32();
  const sampleCount = constantSizeBytes === 0 ? sizeFields.count(4) : sizeFields.u32();
  if (sampleCount > MAX_SAMPLES) throw new RangeError(`stsz announces ${sampleCount} samples`);
  return {
    sampleCount,
    constantSizeBytes,
    sizes: tableAt(sizeFields, constantSizeBytes === 0 ? sampleCount : 0, 4),
    timeToSample: readTable(bytes, needBox(stblBoxes, 'stts', 'stbl'), 8),
    compositionOffsets: composition === null ? null : readTable(bytes, composition, 8),
    compositionIsSigned: composition !== null && new Fields(bytes, composition.bodyStart, composition.endExclusive).fullBox().version === 1,
    sampleToChunk: readTable(bytes, needBox(stblBoxes, 'stsc', 'stbl'), 12),
    chunkOffsets: wide === null ? readTable(bytes, needBox(stblBoxes, 'stco', 'stbl'), 4) : readTable(bytes, wide, 8),
    chunkOffsetsAre64Bit: wide !== null,
    syncSamples: sync === null ? null : readTable(bytes, sync, 4),
  };
}

/** Every sample in decode order, one at a time. RangeError: the tables disagree, or a sample leaves the file of `fileSizeBytes`. */
export function* tableSamples(tables: SampleTables, fileSizeBytes: number): Generator<Sample> {
  const durations = runs(tables.timeToSample, 'stts', false);
  const offsets = tables.compositionOffsets === null ? null : runs(tables.compositionOffsets, 'ctts', tables.compositionIsSigned);
  const chunks = chunkStarts(tables);
  const isSync = syncReader(tables.syncSamples);
  let inChunk = 0;
  let offsetBytes = 0;
  let dtsTicks = 0;
  for (let number = 0; number < tables.sampleCount; number++) {
    if (inChunk === 0) ({ offsetBytes, sampleCount: inChunk } = next(chunks, 'stsc'));
    const sizeBytes = tables.constantSizeBytes || tables.sizes.view.getUint32(number * 4);
    if (sizeBytes === 0 || offsetBytes + sizeBytes > fileSizeBytes)
      throw new RangeError(`sample ${number} of ${sizeBytes} bytes at ${offsetBytes} leaves the file`);
    const durationTicks = next(durations, 'stts');
    const ptsTicks = dtsTicks + (offsets === null ? 0 : next(offsets, 'ctts'));
    yield { offsetBytes, sizeBytes, dtsTicks, ptsTicks, durationTicks, isSync: isSync(number) };
    dtsTicks += durationTicks;
    offsetBytes += sizeBytes;
    inChunk--;
  }
  if (inChunk !== 0 || !durations.next().done || !chunks.next().done || (offsets !== null && !offsets.next().done)) {
    throw new RangeError(`sample tables describe more than ${tables.sampleCount} samples`);
  }
}

/** Values of a run-length table, one for each sample. */
function* runs(table: Table, name: string, isSigned: boolean): Generator<number> {
  for (let i = 0; i < table.count; i++) {
    const count = table.view.getUint32(i * 8);
    if (count > MAX_SAMPLES) throw new RangeError(`${name} has a run of ${count} samples`);
    const value = isSigned ? table.view.getInt32(i * 8 + 4) : table.view.getUint32(i * 8 + 4);
    for (let k = 0; k < count; k++) yield value;
  }
}

/** Offset and sample count of every chunk in the sense of ISO/IEC 14496-12, 8.7.4. */
function* chunkStarts(tables: SampleTables): Generator<{ offsetBytes: number; sampleCount: number }> {
  const { sampleToChunk, chunkOffsets } = tables;
  for (let i = 0; i < sampleToChunk.count; i++) {
    const firstChunk = sampleToChunk.view.getUint32(i * 12);
    const sampleCount = sampleToChunk.view.getUint32(i * 12 + 4);
    const endChunkExclusive = i + 1 < sampleToChunk.count ? sampleToChunk.view.getUint32((i + 1) * 12) : chunkOffsets.count + 1;
    const follows = i === 0 ? firstChunk === 1 : true;
    if (!follows || sampleCount === 0 || endChunkExclusive <= firstChunk || endChunkExclusive > chunkOffsets.count + 1)
      throw new RangeError('stsc does not fit the chunk offsets');
    for (let chunk = firstChunk - 1; chunk < endChunkExclusive - 1; chunk++) {
      const offsetBytes = tables.chunkOffsetsAre64Bit ? Number(chunkOffsets.view.getBigUint64(chunk * 8)) : chunkOffsets.view.getUint32(chunk * 4);
      yield { offsetBytes, sampleCount };
    }
  }
}

function syncReader(table: Table | null): (number: number) => boolean {
  if (table === null) return () => true;
  let at = 0;
  return (number) => {
    if (at >= table.count || table.view.getUint32(at * 4) !== number + 1) return false;
    at++;
    return true;
  };
}

function next<T>(values: Generator<T>, name: string): T {
  const result = values.next();
  if (result.done) throw new RangeError(`${name} describes too few samples`);
  return result.value;
}

function readTable(bytes: Uint8Array, box: Box, entryBytes: number): Table {
  const fields = new Fields(bytes, box.bodyStart, box.endExclusive);
  fields.fullBox();
  return tableAt(fields, fields.count(entryBytes), entryBytes);
}

function tableAt(fields: Fields, count: number, entryBytes: number): Table {
  const body = fields.take(count * entryBytes);
  return { view: new DataView(body.buffer, body.byteOffset, body.byteLength), count };
}
