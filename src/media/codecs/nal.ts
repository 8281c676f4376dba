/**
 * Splits a sample of length-prefixed NAL units (ISO/IEC 14496-15, 5.3.2) into views of the units.
 * Throws RangeError when a length leaves the sample or a unit is empty.
 */
export function splitNals(sample: Uint8Array, lengthSizeBytes: number): Uint8Array[] {
  if (lengthSizeBytes < 1 || lengthSizeBytes > 4) throw new RangeError(`NAL lengths of ${lengthSizeBytes} bytes`);
  const nals: Uint8Array[] = [];
  for (let at = 0; at < sample.byteLength; ) {
    if (at + lengthSizeBytes > sample.byteLength) throw new RangeError(`NAL length at byte ${at} is cut off`);
    let sizeBytes = 0;
    for (let i = 0; i < lengthSizeBytes; i++) sizeBytes = sizeBytes * 256 + sample[at + i];
    const start = at + lengthSizeBytes;
    if (sizeBytes === 0 || start + sizeBytes > sample.byteLength) throw new RangeError(`NAL of ${sizeBytes} bytes at byte ${at} of ${sample.byteLength}`);
    nals.push(sample.subarray(start, start + sizeBytes));
    at = start + sizeBytes;
  }
  return nals;
}

export function hex2(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
