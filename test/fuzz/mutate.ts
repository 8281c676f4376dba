/** Bytes that parsers trip over: borders of integers, marks of formats, characters that mean something or mislead. */
const TOKENS = [
  ...['00', 'ff', '7f', '80', '0000', 'ffff', '00000000', 'ffffffff', '7fffffff', '80000000', 'ffffffffffffffff', '7fffffffffffffff', '0000000000000001'],
  ...[
    '"',
    "'",
    '<',
    '>',
    '&',
    '&#0;',
    '&#x10ffff;',
    '\\',
    '%00',
    '%2e%2e',
    '../',
    '\n\n',
    '\r',
    '\0',
    '\u202e',
    '\u200f',
    '\u2028',
    '\ud83d',
    '\ufeff',
    '{',
    '}',
    '[',
    ']',
    ',',
  ].map(hex),
  ...[
    '-->',
    '00:00.000',
    '99:59:59.999',
    'NaN',
    '-1',
    '1e999',
    '9007199254740993',
    '18446744073709551616',
    'N/A',
    'null',
    '0/0',
    '__proto__',
    'WEBVTT',
    '#EXT',
  ].map(hex),
].map((digits) => Buffer.from(digits, 'hex'));

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

const MOST_BYTES = 16_384;

/** One of the inputs, changed in one to four places: bytes flipped, set, cut out, put in, moved, or taken from another input. */
export function mutate(pool: readonly Uint8Array[], random: () => number): Buffer {
  const below = (count: number) => Math.floor(random() * count);
  let bytes = Buffer.from(pool[below(pool.length)]);
  for (let changes = 1 + below(4); changes > 0; changes--) bytes = changed(bytes, pool, below);
  return bytes.subarray(0, MOST_BYTES);
}

function changed(bytes: Buffer, pool: readonly Uint8Array[], below: (count: number) => number): Buffer<ArrayBuffer> {
  const at = below(bytes.length + 1);
  const token = TOKENS[below(TOKENS.length)];
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (below(7)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (flipped.length > 0) flipped[at % flipped.length] ^= 1 << below(8);
      return flipped;
    }
    case 1:
      return Buffer.concat([before, token, after.subarray(token.length)]);
    case 2:
      return Buffer.concat([before, token, after]);
    case 3:
      return Buffer.concat([before, after.subarray(1 + below(16))]);
    case 4:
      return Buffer.concat([before, bytes.subarray(below(bytes.length + 1)).subarray(0, 1 + below(64)), after]);
    case 5:
      return Buffer.from(before);
    default: {
      const other = Buffer.from(pool[below(pool.length)]);
      return Buffer.concat([before, other.subarray(below(other.length + 1))]);
    }
  }
}
