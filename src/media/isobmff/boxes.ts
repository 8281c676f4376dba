import type { ByteSource } from './byte-source.ts';

/** Where a box lies (ISO/IEC 14496-12, 4.2): offsets from the start of what it was read from. */
export type Box = {
  /** Four characters, Latin-1. */
  readonly type: string;
  readonly start: number;
  readonly bodyStart: number;
  readonly endExclusive: number;
};

const MAX_TOP_LEVEL_BOXES = 1 << 20;

/** Reads big-endian fields one after the other; RangeError as soon as one would leave `[start, endExclusive)`. */
export class Fields {
  readonly bytes: Uint8Array;
  readonly endExclusive: number;
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, start = 0, endExclusive = bytes.byteLength) {
    if (start < 0 || endExclusive < start || endExclusive > bytes.byteLength)
      throw new RangeError(`fields ${start} to ${endExclusive} are outside of ${bytes.byteLength}`);
    this.bytes = bytes;
    this.endExclusive = endExclusive;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
  }

  get remainingBytes(): number {
    return this.endExclusive - this.at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** RangeError when larger than a number holds exactly. */
  u64(): number {
    return exact(this.#view.getBigUint64(this.#take(8)));
  }

  i64(): number {
    return exact(this.#view.getBigInt64(this.#take(8)));
  }

  take(count: number): Uint8Array {
    const start = this.#take(count);
    return this.bytes.subarray(start, start + count);
  }

  skip(count: number): void {
    this.#take(count);
  }

  fourCc(): string {
    return latin1(this.take(4));
  }

  /** Version and flags of a full box. */
  fullBox(): { version: number; flags: number } {
    const word = this.u32();
    return { version: word >>> 24, flags: word & 0xffffff };
  }

  /** A count of entries of `entryBytes` each that must fit in what is left, so a huge count is refused before anything is allocated. */
  count(entryBytes: number): number {
    const count = this.u32();
    if (count * entryBytes > this.remainingBytes) throw new RangeError(`${count} entries of ${entryBytes} bytes do not fit in ${this.remainingBytes}`);
    return count;
  }

  #take(count: number): number {
    if (count < 0 || count > this.remainingBytes) throw new RangeError(`${count} bytes at ${this.at} leave the box that ends at ${this.endExclusive}`);
    const start = this.at;
    this.at += count;
    return start;
  }
}

/** The boxes side by side in `[start, endExclusive)`. Throws RangeError when one leaves its parent. Callers descend by name, so depth is bounded by them. */
export function childBoxes(bytes: Uint8Array, start = 0, endExclusive = bytes.byteLength): Box[] {
  const boxes: Box[] = [];
  for (let at = start; at < endExclusive; ) {
    const box = readBox(new Fields(bytes, at, endExclusive), at, endExclusive);
    boxes.push(box);
    at = box.endExclusive;
  }
  return boxes;
}

/** The boxes of a whole file in order; bodies are not read. Throws RangeError when one leaves the file. */
export async function* topLevelBoxes(source: ByteSource): AsyncGenerator<Box> {
  let at = 0;
  for (let count = 0; at < source.sizeBytes; count++) {
    if (count >= MAX_TOP_LEVEL_BOXES) throw new RangeError(`more than ${MAX_TOP_LEVEL_BOXES} boxes in one file`);
    const head = await source.read(at, Math.min(source.sizeBytes, at + 16));
    const box = readBox(new Fields(head), at, source.sizeBytes);
    yield box;
    at = box.endExclusive;
  }
}

export function findBox(boxes: readonly Box[], type: string): Box | null {
  return boxes.find((box) => box.type === type) ?? null;
}

/** The one box of that type; RangeError when it is missing. */
export function needBox(boxes: readonly Box[], type: string, parent: string): Box {
  const box = findBox(boxes, type);
  if (box === null) throw new RangeError(`${parent} has no ${type} box`);
  return box;
}

export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** `fields` stands at the header; `start` and `limit` are in the caller's own offsets. */
function readBox(fields: Fields, start: number, limit: number): Box {
  const size = fields.u32();
  const type = fields.fourCc();
  let headerBytes = 8;
  let sizeBytes = size;
  if (size === 1) {
    sizeBytes = fields.u64();
    headerBytes = 16;
  } else if (size === 0) {
    sizeBytes = limit - start;
  }
  const endExclusive = start + sizeBytes;
  if (sizeBytes < headerBytes || endExclusive > limit)
    throw new RangeError(`box ${JSON.stringify(type)} at ${start} claims ${sizeBytes} bytes, its parent ends at ${limit}`);
  return { type, start, bodyStart: start + headerBytes, endExclusive };
}

function exact(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is too large`);
  return number;
}
