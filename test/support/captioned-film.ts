import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpeg } from './stage-context.ts';

const RATE = 30;
/** Commands of CEA-608: begin a hidden caption, erase it, go to row 15 or row 1, show it, take it away. */
const [BEGIN, ERASE, ROW_15, ROW_1, SHOW, CLEAR] = [
  [0x14, 0x20],
  [0x14, 0x2e],
  [0x14, 0x70],
  [0x11, 0x50],
  [0x14, 0x2f],
  [0x14, 0x2c],
];

export type Caption = { readonly text: string; readonly atTop: boolean; readonly shownFrame: number; readonly clearedFrame: number };

/** A film of grey pictures, 30 a second, whose H.264 stream carries captions of CEA-608 (field 1), and further triplets beside some frames. */
export async function captionedFilm(folder: string, captions: readonly Caption[], frames: number, further = new Map<number, number[]>()): Promise<string> {
  const triplets = pairsOf(captions, frames).map((pair, frame) => [0xfc, ...pair.map(withOddParity), ...(further.get(frame) ?? [])]);
  return filmWithTriplets(folder, triplets);
}

/** Such a film with these bytes beside each of its pictures as broadcasts have them (`cc_data` of ATSC A/53 part 4, three at a time, at most 31 times). */
export async function filmWithTriplets(folder: string, triplets: readonly (readonly number[])[]): Promise<string> {
  const [bare, captioned, path] = ['bare.h264', 'captioned.h264', 'captioned.mp4'].map((name) => join(folder, name));
  const source = ['-f', 'lavfi', '-i', `color=gray:size=64x64:rate=${RATE}`, '-frames:v', String(triplets.length)];
  await ffmpeg([...source, '-c:v', 'libx264', '-bf', '0', '-x264-params', 'slices=1:threads=1', '-f', 'h264', bare]);
  let frame = 0;
  const units = unitsOf(await readFile(bare)).flatMap((unit) => (isPicture(unit) ? [captionUnit(triplets[frame++]), unit] : [unit]));
  await writeFile(captioned, Buffer.concat(units.flatMap((unit) => [Buffer.of(0, 0, 0, 1), unit])));
  await ffmpeg(['-r', String(RATE), '-f', 'h264', '-i', captioned, '-c', 'copy', path]);
  return path;
}

/** Two bytes for every frame; what builds a caption up ends with the frame that shows it. */
function pairsOf(captions: readonly Caption[], frames: number): number[][] {
  const pairs = Array.from({ length: frames }, () => [0, 0]);
  for (const { text, atTop, shownFrame, clearedFrame } of captions) {
    const letters = [...text].map((letter) => letter.charCodeAt(0));
    const words = Array.from({ length: Math.ceil(letters.length / 2) }, (_, i) => [letters[2 * i], letters[2 * i + 1] ?? 0]);
    const row = atTop ? ROW_1 : ROW_15;
    const all = [BEGIN, BEGIN, ERASE, ERASE, row, row, ...words, SHOW, SHOW];
    for (const [i, pair] of all.entries()) pairs[shownFrame - all.length + 2 + i] = pair;
    pairs[clearedFrame] = CLEAR;
    pairs[clearedFrame + 1] = CLEAR;
  }
  return pairs;
}

function withOddParity(byte: number): number {
  const ones = byte.toString(2).replaceAll('0', '').length;
  return ones % 2 === 1 ? byte : byte | 0x80;
}

/** An SEI message, registered user data of ITU-T T.35: United States, ATSC, `GA94`. */
function captionUnit(triplets: readonly number[]): Buffer {
  const data = [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03, 0xc0 | (triplets.length / 3), 0xff, ...triplets, 0xff];
  return Buffer.concat([Buffer.from([0x06, 0x04, data.length]), withoutStartCodes(data), Buffer.of(0x80)]);
}

/** Three bytes of 0 keep their distance (ITU-T H.264 section 7.4.1). */
function withoutStartCodes(bytes: readonly number[]): Buffer {
  const out: number[] = [];
  for (const byte of bytes) {
    if (byte <= 3 && out.at(-1) === 0 && out.at(-2) === 0) out.push(3);
    out.push(byte);
  }
  return Buffer.from(out);
}

function unitsOf(stream: Buffer): Buffer[] {
  const starts: number[] = [];
  for (let at = stream.indexOf('000001', 0, 'hex'); at >= 0; at = stream.indexOf('000001', at + 3, 'hex')) starts.push(at);
  return starts.map((start, i) => {
    let end = starts[i + 1] ?? stream.length;
    while (i + 1 < starts.length && stream[end - 1] === 0) end--;
    return stream.subarray(start + 3, end);
  });
}

function isPicture(unit: Buffer): boolean {
  return (unit[0] & 0x1f) === 1 || (unit[0] & 0x1f) === 5;
}
