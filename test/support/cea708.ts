import { type CaptionData, Cea708Reader } from '../../src/media/captions/cea708.ts';
import type { Cue } from '../../src/media/webvtt/cues.ts';

export const bytesOf = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

/** `DefineWindow`: shown at once or not, hung by its lower centre at that share of the height. */
export function defineWindow(id: number, { isVisible = false, anchorPercent = 90, rows = 2, columns = 32, anchorPoint = 7 } = {}): number[] {
  return [0x98 + id, isVisible ? 0x20 : 0, 0x80 | anchorPercent, 50, (anchorPoint << 4) | (rows - 1), columns - 1, 0];
}

export const display = (...ids: number[]): number[] => [0x89, ids.reduce((all, id) => all | (1 << id), 0)];
export const hide = (...ids: number[]): number[] => [0x8a, ids.reduce((all, id) => all | (1 << id), 0)];
export const italic = (isOn: boolean): number[] => [0x90, 5, isOn ? 0x80 : 0];
export const penAt = (row: number, column: number): number[] => [0x92, row, column];

/** One packet with these blocks of services, as triplets; a block has at most 31 bytes. */
export function packet(...blocks: readonly { readonly service?: number; readonly bytes: readonly number[] }[]): number[] {
  const body = blocks.flatMap(({ service = 1, bytes }) => {
    const size = bytes.length;
    return service < 7 ? [(service << 5) | size, ...bytes] : [(7 << 5) | size, service, ...bytes];
  });
  const sizeBytes = 2 * Math.ceil((body.length + 1) / 2);
  const packed = [(sizeBytes / 2) & 0x3f, ...body, ...Array(sizeBytes - 1 - body.length).fill(0)];
  return Array.from({ length: sizeBytes / 2 }, (_, i) => [i === 0 ? 0xff : 0xfe, packed[2 * i], packed[2 * i + 1]]).flat();
}

export function readCea708(data: Iterable<CaptionData>): readonly Cue[] {
  const reader = new Cea708Reader();
  for (const piece of data) reader.add(piece);
  return reader.end();
}
