import type { Edit } from './movie.ts';
import { concat, fullBox, fullBoxParts, i64, u32, u64, words } from './write-boxes.ts';

/** Samples of one track that lie side by side in the finished file: a "chunk" of ISO/IEC 14496-12, 8.7.4. */
export type StoredRun = { readonly offsetBytes: number; readonly sampleCount: number };

export function sttsBox(durationsTicks: Uint32Array): Uint8Array[] {
  return runLengthBox('stts', durationsTicks);
}

/** Version 0: offsets are never negative. */
export function cttsBox(compositionOffsetsTicks: Uint32Array): Uint8Array[] {
  return runLengthBox('ctts', compositionOffsetsTicks);
}

export function stszBox(sizesBytes: Uint32Array): Uint8Array[] {
  return fullBoxParts('stsz', 0, 0, [u32(0), u32(sizesBytes.length), words(sizesBytes)]);
}

/** `syncSamples` count from zero, as everywhere but in this box. */
export function stssBox(syncSamples: Uint32Array): Uint8Array {
  return fullBox('stss', 0, 0, u32(syncSamples.length), words(syncSamples.map((sample) => sample + 1)));
}

export function stscBox(runs: readonly StoredRun[]): Uint8Array {
  const lines: number[] = [];
  runs.forEach((run, i) => {
    if (i === 0 || run.sampleCount !== runs[i - 1].sampleCount) lines.push(i + 1, run.sampleCount, 1);
  });
  return fullBox('stsc', 0, 0, u32(lines.length / 3), words(lines));
}

/** `co64` when `wide`, else `stco`, which throws RangeError for offsets beyond 4 GiB. `base` is where the first run starts in the file. */
export function chunkOffsetsBox(runs: readonly StoredRun[], base: number, wide: boolean): Uint8Array {
  const offsets = runs.map((run) => base + run.offsetBytes);
  return fullBox(wide ? 'co64' : 'stco', 0, 0, u32(runs.length), wide ? concat(offsets.map(u64)) : words(offsets));
}

/** Size of that box. */
export function chunkOffsetsBytes(runCount: number, wide: boolean): number {
  return 16 + runCount * (wide ? 8 : 4);
}

export function elstBox(edits: readonly Edit[]): Uint8Array {
  const wide = edits.some((edit) => edit.durationTicks > 0xffffffff || edit.mediaTimeTicks > 0x7fffffff);
  const lines = edits.flatMap(({ durationTicks, mediaTimeTicks }) => [
    wide ? u64(durationTicks) : u32(durationTicks),
    wide ? i64(mediaTimeTicks) : u32(mediaTimeTicks < 0 ? 0x100000000 + mediaTimeTicks : mediaTimeTicks),
    u32(0x10000),
  ]);
  return fullBox('elst', wide ? 1 : 0, 0, u32(edits.length), ...lines);
}

function runLengthBox(type: string, values: Uint32Array): Uint8Array[] {
  let lineCount = 0;
  for (let i = 0; i < values.length; i++) if (i === 0 || values[i] !== values[i - 1]) lineCount++;
  const lines = new Uint32Array(lineCount * 2);
  let line = -1;
  for (let i = 0; i < values.length; i++) {
    if (i === 0 || values[i] !== values[i - 1]) lines[++line * 2 + 1] = values[i];
    lines[line * 2]++;
  }
  return fullBoxParts(type, 0, 0, [u32(lineCount), words(lines)]);
}
