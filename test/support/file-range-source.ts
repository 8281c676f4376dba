import { type FileHandle, open } from 'node:fs/promises';
import { extname } from 'node:path';
import type { RangeSource } from '../../src/adapters/cluster/range-reader/block-reader.ts';

export type FileRangeSource = RangeSource & {
  readonly ending: string;
  readonly reads: readonly (readonly [start: number, endExclusive: number])[];
  close(): Promise<void>;
};

/** A file as a source somewhere else, that remembers what was read of it. */
export async function fileRangeSource(path: string): Promise<FileRangeSource> {
  const file: FileHandle = await open(path, 'r');
  const { size: sizeBytes } = await file.stat();
  const reads: (readonly [number, number])[] = [];
  const read = async (start: number, endExclusive: number) => {
    reads.push([start, endExclusive]);
    const bytes = new Uint8Array(endExclusive - start);
    await file.read(bytes, 0, bytes.length, start);
    return bytes;
  };
  return { identity: path, sizeBytes, read, reads, ending: extname(path), close: () => file.close() };
}
