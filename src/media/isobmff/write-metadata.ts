import { box, bytesOf, concat, fullBox, u8, u32, u64 } from './write-boxes.ts';
import { hdlrBox } from './write-movie.ts';

const MAX_CHAPTERS = 255;
const MAX_CHAPTER_TITLE_BYTES = 255;
const CHAPTER_TICKS_PER_SECOND = 10_000_000;
const DATA_IS_UTF8 = 1;

/** A chapter on the file's own timeline. */
export type ChapterMark = { readonly startSeconds: number; readonly title: string };

/** `udta` with the title (`meta/ilst/©nam`, the iTunes layout) and the chapters (`chpl`, the Nero layout, at most 255 of them). Empty when there is nothing to say. */
export function udtaBox(title: string, chapters: readonly ChapterMark[]): Uint8Array {
  const parts: Uint8Array[] = [];
  if (title !== '') {
    const data = box('data', u32(DATA_IS_UTF8), u32(0), new TextEncoder().encode(title));
    parts.push(fullBox('meta', 0, 0, metadataHandler(), box('ilst', box('\u00a9nam', data))));
  }
  if (chapters.length > 0) parts.push(chplBox(chapters.slice(0, MAX_CHAPTERS)));
  return parts.length === 0 ? new Uint8Array(0) : box('udta', ...parts);
}

function metadataHandler(): Uint8Array {
  const handler = hdlrBox('mdir', '');
  handler.set(bytesOf('appl'), 20);
  return handler;
}

function chplBox(chapters: readonly ChapterMark[]): Uint8Array {
  const lines = chapters.flatMap(({ startSeconds, title }) => {
    const text = utf8Prefix(title, MAX_CHAPTER_TITLE_BYTES);
    return [u64(Math.round(startSeconds * CHAPTER_TICKS_PER_SECOND)), u8(text.byteLength), text];
  });
  return fullBox('chpl', 1, 0, u32(0), u8(chapters.length), concat(lines));
}

/** The longest beginning that fits without cutting a character. */
function utf8Prefix(text: string, maxBytes: number): Uint8Array {
  const bytes = new Uint8Array(maxBytes);
  return bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written);
}
