/** Rewriting MP4 files box by box, for tests that need files no program writes. */

const CONTAINERS = new Set(['moov', 'trak', 'edts', 'mdia', 'minf', 'dinf', 'stbl', 'udta', 'mvex', 'moof', 'traf']);

/** A box: size, four letters, payload (ISO/IEC 14496-12 section 4.2). */
export function box(type: string, ...payload: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(payload);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/** A box with version and flags. */
export function fullBox(type: string, version: number, flags: number, ...payload: readonly Uint8Array[]): Buffer {
  return box(type, numbers(32, (version << 24) | flags), ...payload);
}

/** Big-endian integers. */
export function numbers(bits: 16 | 32 | 64, ...values: readonly (number | bigint)[]): Buffer {
  const bytes = Buffer.alloc((values.length * bits) / 8);
  for (const [i, value] of values.entries()) {
    if (bits === 16) bytes.writeUInt16BE(Number(value) & 0xffff, 2 * i);
    else if (bits === 32) bytes.writeUInt32BE(Number(value) >>> 0, 4 * i);
    else bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)), 8 * i);
  }
  return bytes;
}

export type FoundBox = { readonly type: string; readonly start: number; readonly end: number; readonly headerBytes: number; readonly path: string };

/** Every box of a file, parents before their children; stops at what is no box. */
export function findBoxes(file: Buffer): FoundBox[] {
  const found: FoundBox[] = [];
  walk(file, 0, file.length, '', found);
  return found;
}

function walk(file: Buffer, start: number, end: number, parent: string, found: FoundBox[]): void {
  for (let at = start; at + 8 <= end; ) {
    const said = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    const isLarge = said === 1 && at + 16 <= end;
    const size = said === 0 ? end - at : isLarge ? Number(file.readBigUInt64BE(at + 8)) : said;
    const headerBytes = isLarge ? 16 : 8;
    if (size < headerBytes || at + size > end) return;
    const path = parent === '' ? type : `${parent}/${type}`;
    found.push({ type, start: at, end: at + size, headerBytes, path });
    if (CONTAINERS.has(type)) walk(file, at + headerBytes, at + size, path, found);
    at += size;
  }
}

/** The file with its first box at `path` replaced by what `change` makes of it, and the sizes of the boxes around it mended. Offsets in tables are not. */
export function replaceBox(file: Buffer, path: string, change: (whole: Buffer) => Uint8Array): Buffer {
  const boxes = findBoxes(file);
  const target = boxes.find((found) => found.path === path);
  if (target === undefined) throw new RangeError(`no box ${path}`);
  const fresh = change(file.subarray(target.start, target.end));
  const grown = fresh.length - (target.end - target.start);
  const out = Buffer.concat([file.subarray(0, target.start), fresh, file.subarray(target.end)]);
  for (const around of boxes) {
    if (around.start < target.start && around.end >= target.end) out.writeUInt32BE(around.end - around.start + grown, around.start);
  }
  return out;
}
