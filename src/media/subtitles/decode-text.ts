import { languageTag } from '../cmaf/labels.ts';

export type DecodedText = {
  readonly text: string;
  /** Label of the Encoding Standard, e.g. `utf-8`, `windows-1251`. */
  readonly encoding: string;
  /** The bytes do not say it; it is what files in this language mostly have. */
  readonly isGuess: boolean;
};

const MARKS: readonly (readonly [encoding: string, bytes: readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** Encodings that files in a language have had, the likeliest first. */
const CANDIDATES: readonly (readonly [encodings: readonly string[], languages: string])[] = [
  [['windows-1250', 'iso-8859-2'], 'pl cs sk hu sl hr bs ro sq'],
  [['windows-1251', 'koi8-r', 'iso-8859-5', 'ibm866'], 'ru bg mk be sr kk mn'],
  [['windows-1251', 'koi8-u', 'iso-8859-5'], 'uk'],
  [['windows-1253', 'iso-8859-7'], 'el'],
  [['windows-1254'], 'tr az'],
  [['windows-1255', 'iso-8859-8'], 'he yi'],
  [['windows-1256', 'iso-8859-6'], 'ar fa ur'],
  [['windows-1257', 'iso-8859-13'], 'et lv lt'],
  [['windows-1258'], 'vi'],
  [['windows-874'], 'th'],
  [['shift_jis', 'euc-jp'], 'ja'],
  [['gb18030', 'big5'], 'zh'],
  [['big5', 'gb18030'], 'zh-TW zh-HK zh-Hant'],
  [['euc-kr'], 'ko'],
];
const USUAL = 'windows-1252';

/** Bytes looked at for a guess. */
const SAMPLE_BYTES = 256 * 1024;

/**
 * Text of a file whose encoding nobody names: by its byte order mark, as UTF-8 when it is valid, as UTF-16 when every second byte is zero, else in the encoding of the
 * language (BCP 47 or ISO 639-2) in which it makes the best text. Never throws; the mark is not part of the text.
 */
export function decodeText(bytes: Uint8Array, language: string): DecodedText {
  for (const [encoding, mark] of MARKS) {
    if (mark.every((byte, i) => bytes[i] === byte)) return { text: new TextDecoder(encoding).decode(bytes), encoding, isGuess: false };
  }
  const utf8 = decodeExactly(bytes, 'utf-8');
  if (utf8 !== null && !utf8.includes('\0')) return { text: utf8, encoding: 'utf-8', isGuess: false };
  const wide = wideEncoding(bytes);
  if (wide) return { text: new TextDecoder(wide).decode(bytes), encoding: wide, isGuess: true };
  const encoding = likeliest(bytes, language);
  return { text: new TextDecoder(encoding).decode(bytes), encoding, isGuess: true };
}

/** Text in an encoding that `decodeText` has named. */
export function decodeAs(bytes: Uint8Array, encoding: string): string {
  return new TextDecoder(encoding).decode(bytes);
}

function decodeExactly(bytes: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** UTF-16 without a mark: of mostly Western text the high bytes are zero, and of any text those of its spaces, digits and line ends. */
function wideEncoding(bytes: Uint8Array): string | null {
  const zeros = [0, 0];
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  for (const [i, byte] of sample.entries()) if (byte === 0) zeros[i % 2]++;
  const [even, odd] = zeros;
  const many = sample.length / 20;
  if (odd > many && even < odd / 10) return 'utf-16le';
  return even > many && odd < even / 10 ? 'utf-16be' : null;
}

function likeliest(bytes: Uint8Array, language: string): string {
  const tag = languageTag(language);
  const [primary] = tag.split('-');
  const isOf = (wanted: string) => CANDIDATES.find(([, languages]) => languages.split(' ').includes(wanted));
  const [encodings] = isOf(tag) ?? isOf(tag.split('-', 2).join('-')) ?? isOf(primary) ?? [[USUAL]];
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const scores = encodings.map((encoding) => score(new TextDecoder(encoding).decode(sample)));
  return encodings[scores.indexOf(Math.max(...scores))];
}

/** How much a text is one: small letters beyond ASCII are likelier than large ones, control characters and characters that do not exist have no place in it. */
function score(text: string): number {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  const letters = count(/[\p{Ll}\p{Lo}](?<!\p{ASCII})/gu);
  const capitals = count(/\p{Lu}(?<!\p{ASCII})/gu);
  const wrong = count(/[\p{Cc}\ufffd]/gu);
  return letters + capitals / 4 - 10 * wrong;
}
