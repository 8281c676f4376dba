import { findBoxes } from '../hostile/box-surgery.ts';
import { seededRandom } from '../support/mangle-text.ts';

/** One change of a file. Units are its boxes, elements or packets by number; places inside one count from its start. Data, so that a bug found is a line of text. */
export type Change =
  | { readonly op: 'set'; readonly unit: number; readonly at: number; readonly hex: string }
  | { readonly op: 'drop' | 'twice'; readonly unit: number; readonly mend: boolean }
  | { readonly op: 'swap'; readonly unit: number; readonly with: number }
  | { readonly op: 'end'; readonly unit: number; readonly at: number };

export type Recipe = { readonly base: string; readonly changes: readonly Change[] };

export type Unit = { readonly start: number; readonly end: number; readonly headerBytes: number };

const TS_PACKET = 188;
/** What breaks arithmetic: around zero, around the largest values, signs, counts too large for any file. */
const ODD_NUMBERS = [
  '00',
  '01',
  'ff',
  '0000',
  'ffff',
  '00000000',
  '00000001',
  '7fffffff',
  '80000000',
  'ffffffff',
  '7fffffffffffffff',
  'ffffffffffffffff',
  '0000000100000000',
];

/** The parts a file consists of, as far as its kind is known. */
export function unitsOf(file: Buffer): Unit[] {
  if (file[0] === 0x47 && file[TS_PACKET] === 0x47)
    return Array.from({ length: Math.floor(file.length / TS_PACKET) }, (_, i) => unit(i * TS_PACKET, (i + 1) * TS_PACKET, 4));
  if (file.subarray(0, 4).toString('hex') === '1a45dfa3') return elementsOf(file);
  if (file.toString('latin1', 0, 4) === 'RIFF') return riffChunks(file, 12, file.length);
  const boxes = findBoxes(file);
  return boxes.length > 0 ? boxes : [unit(0, file.length, 0)];
}

function unit(start: number, end: number, headerBytes: number): Unit {
  return { start, end, headerBytes };
}

/** Matroska's masters that hold what we change: Segment, SeekHead, Info, Tracks, TrackEntry, Video, Audio, Cluster, BlockGroup, Cues, CuePoint, Tags. */
const MASTERS = new Set([0x18538067, 0x114d9b74, 0x1549a966, 0x1654ae6b, 0xae, 0xe0, 0xe1, 0x1f43b675, 0xa0, 0x1c53bb6b, 0xbb, 0x1254c367]);

/** EBML elements (RFC 8794): an id and a size, each as long as the leading zeros of its first byte say. */
function elementsOf(file: Buffer, start = 0, end = file.length, found: Unit[] = []): Unit[] {
  for (let at = start; at < end; ) {
    const idBytes = Math.clz32(file[at]) - 23;
    if (idBytes < 1 || idBytes > 4 || at + idBytes >= end) break;
    const sizeBytes = Math.clz32(file[at + idBytes]) - 23;
    if (sizeBytes < 1 || sizeBytes > 8 || at + idBytes + sizeBytes > end) break;
    const id = file.readUIntBE(at, idBytes);
    let size = file[at + idBytes] & (0xff >> sizeBytes);
    for (let i = 1; i < sizeBytes; i++) size = size * 256 + file[at + idBytes + i];
    const body = at + idBytes + sizeBytes;
    const stop = Math.min(end, body + size);
    found.push(unit(at, stop, idBytes + sizeBytes));
    if (MASTERS.has(id)) elementsOf(file, body, stop, found);
    at = stop;
  }
  return found;
}

function riffChunks(file: Buffer, start: number, end: number, found: Unit[] = []): Unit[] {
  for (let at = start; at + 8 <= end; ) {
    const size = file.readUInt32LE(at + 4);
    const stop = Math.min(end, at + 8 + size + (size % 2));
    found.push(unit(at, stop, 8));
    if (file.toString('latin1', at, at + 4) === 'LIST') riffChunks(file, at + 12, stop, found);
    at = stop;
  }
  return found;
}

/** Applies changes one after the other, each to the units as they are then. A unit that is no longer there changes nothing. */
export function applyChanges(film: Buffer, changes: readonly Change[]): Buffer {
  let file: Buffer = Buffer.from(film);
  for (const change of changes) {
    const units = unitsOf(file);
    const target = units[change.unit];
    if (target !== undefined) file = applyChange(file, units, target, change);
  }
  return file;
}

function applyChange(file: Buffer, units: readonly Unit[], target: Unit, change: Change): Buffer {
  const whole = file.subarray(target.start, target.end);
  const [before, after] = [file.subarray(0, target.start), file.subarray(target.end)];
  switch (change.op) {
    case 'set': {
      Buffer.from(change.hex, 'hex').copy(file, target.start + change.at);
      return file;
    }
    case 'end':
      return file.subarray(0, Math.max(1, Math.min(target.end, target.start + change.at)));
    case 'swap': {
      const other = units[change.with];
      if (other === undefined || other.start < target.end) return file;
      return Buffer.concat([before, file.subarray(other.start, other.end), file.subarray(target.end, other.start), whole, file.subarray(other.end)]);
    }
    default: {
      const out = Buffer.concat(change.op === 'drop' ? [before, after] : [before, whole, whole, after]);
      return change.mend ? mendSizes(out, units, target, change.op === 'drop' ? -whole.length : whole.length) : out;
    }
  }
}

/** Boxes around a change get the size that they now have. */
function mendSizes(file: Buffer, units: readonly Unit[], target: Unit, grown: number): Buffer {
  for (const around of units) {
    if (around === target || around.start > target.start || around.end < target.end || around.headerBytes !== 8) continue;
    if (around.start + 4 <= file.length) file.writeUInt32BE((around.end - around.start + grown) >>> 0, around.start);
  }
  return file;
}

/** A recipe of one to three changes, the same for the same seed. */
export function randomRecipe(base: string, film: Buffer, seed: number): Recipe {
  const random = seededRandom(seed);
  const below = (count: number) => Math.floor(random() * count);
  const units = unitsOf(film);
  const changes = Array.from({ length: 1 + below(3) }, () => randomChange(units, film, below));
  return { base, changes };
}

function randomChange(units: readonly Unit[], film: Buffer, below: (count: number) => number): Change {
  const number = below(units.length);
  const { start, end, headerBytes } = units[number];
  const size = end - start;
  const how = below(20);
  if (how === 0) return { op: 'end', unit: number, at: below(size + 1) };
  if (how < 3) return { op: 'drop', unit: number, mend: below(2) === 0 };
  if (how < 5) return { op: 'twice', unit: number, mend: below(2) === 0 };
  if (how < 6) return { op: 'swap', unit: number, with: below(units.length) };
  // Most of a small part is fields; of a large one the beginning is.
  const reach = below(3) === 0 ? size : Math.min(size, headerBytes + 96);
  const at = below(4) === 0 ? below(Math.max(1, headerBytes)) : Math.min(size - 1, headerBytes + below(Math.max(1, reach - headerBytes)));
  if (below(2) === 0) return { op: 'set', unit: number, at: Math.max(0, at), hex: ODD_NUMBERS[below(ODD_NUMBERS.length)] };
  const flipped = Buffer.from([(film[start + Math.max(0, at)] ?? 0) ^ (1 << below(8))]);
  return { op: 'set', unit: number, at: Math.max(0, at), hex: flipped.toString('hex') };
}
