/**
 * Parts of boxes as bytes, big endian. Every function is pure and gives a new array. Small numbers are written byte by byte: asked for its buffer, an array of four
 * bytes gets memory of its own outside of the heap, and a long title has hundreds of thousands.
 */

export function u8(value: number): Uint8Array {
  return Uint8Array.of(value);
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

/** RangeError when the value does not fit: a silent wrap would move frames in time. */
export function u32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new RangeError(`${value} does not fit in 32 bits`);
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

export function u64(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} does not fit in 64 bits`);
  return concat([u32(Math.floor(value / 0x100000000)), u32(value % 0x100000000)]);
}

export function i64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
  return bytes;
}

/** Latin-1 characters as bytes. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export function zeros(count: number): Uint8Array {
  return new Uint8Array(count);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(totalBytes(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

/** A box (ISO/IEC 14496-12, 4.2). */
export function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat(boxParts(type, parts));
}

export function fullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return box(type, u32(version * 0x1000000 + flags), ...parts);
}

/** A box whose parts are left where they are: for tables and what encloses them, which would be copied at every level. */
export function boxParts(type: string, parts: readonly Uint8Array[]): Uint8Array[] {
  return [concat([u32(8 + totalBytes(parts)), bytesOf(type)]), ...parts];
}

export function fullBoxParts(type: string, version: number, flags: number, parts: readonly Uint8Array[]): Uint8Array[] {
  return boxParts(type, [u32(version * 0x1000000 + flags), ...parts]);
}

export function totalBytes(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}

/** Numbers as a packed array of 32-bit words; the bulk of sample tables. RangeError when one does not fit. */
export function words(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!(value >= 0 && value <= 0xffffffff)) throw new RangeError(`${value} does not fit in 32 bits`);
    view.setUint32(i * 4, value);
  }
  return bytes;
}
