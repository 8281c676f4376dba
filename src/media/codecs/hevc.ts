import { splitNals } from './nal.ts';

const NAL_IDR_W_RADL = 19;
const NAL_IDR_N_LP = 20;
const LAST_VCL_NAL = 31;
const HVCC_FIXED_BYTES = 23;
const PARAMETER_SETS = [32, 33, 34];

export type HevcConfig = {
  readonly codec: string;
  readonly lengthSizeBytes: number;
  /** Video, sequence and picture parameter sets are all in the configuration, as `hvc1` demands. */
  readonly hasParameterSets: boolean;
};

/** Reads the body of an `hvcC` box (ISO/IEC 14496-15, 8.3.3.1); codec string as in its annex E.3. */
export function parseHevcConfig(body: Uint8Array): HevcConfig {
  if (body.byteLength < HVCC_FIXED_BYTES) throw new RangeError('hvcC is short');
  if (body[0] !== 1) throw new RangeError(`hvcC of version ${body[0]}`);
  const space = ['', 'A', 'B', 'C'][body[1] >> 6];
  const tier = (body[1] & 0x20) === 0 ? 'L' : 'H';
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const constraints = [...body.subarray(6, 12)];
  while (constraints.length > 0 && constraints[constraints.length - 1] === 0) constraints.pop();
  const parts = [
    'hvc1',
    `${space}${body[1] & 0x1f}`,
    reverseBits(view.getUint32(2)).toString(16).toUpperCase(),
    `${tier}${body[12]}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ];
  const present = parameterSetTypes(body);
  return { codec: parts.join('.'), lengthSizeBytes: (body[21] & 3) + 1, hasParameterSets: PARAMETER_SETS.every((type) => present.has(type)) };
}

/** True when every slice of the sample belongs to an IDR picture (H.265, table 7-1). */
export function isHevcIdr(sample: Uint8Array, lengthSizeBytes: number): boolean {
  const slices = splitNals(sample, lengthSizeBytes)
    .map((nal) => (nal[0] >> 1) & 0x3f)
    .filter((type) => type <= LAST_VCL_NAL);
  return slices.length > 0 && slices.every((type) => type === NAL_IDR_W_RADL || type === NAL_IDR_N_LP);
}

function parameterSetTypes(body: Uint8Array): Set<number> {
  const types = new Set<number>();
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = HVCC_FIXED_BYTES;
  for (let array = 0; array < body[22]; array++) {
    if (at + 3 > body.byteLength) throw new RangeError('hvcC: array is cut off');
    const type = body[at] & 0x3f;
    const count = view.getUint16(at + 1);
    at += 3;
    for (let i = 0; i < count; i++) {
      if (at + 2 > body.byteLength) throw new RangeError('hvcC: NAL unit is cut off');
      at += 2 + view.getUint16(at);
    }
    if (at > body.byteLength) throw new RangeError('hvcC: NAL unit is cut off');
    if (count > 0) types.add(type);
  }
  return types;
}

function reverseBits(word: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = reversed * 2 + ((word >>> bit) & 1);
  return reversed;
}
