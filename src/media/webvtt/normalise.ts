import type { Cue } from './cues.ts';

/**
 * Cues on the title's timeline, ready to be written: times shifted (the title begins at 0; what ended before is gone), payloads cleaned by `cleanPayload`,
 * empty and repeated cues left out, in order of start.
 */
export function normaliseCues(cues: readonly Cue[], shiftMs: number): Cue[] {
  const seen = new Set<string>();
  const kept: Cue[] = [];
  for (const cue of cues) {
    const startMs = Math.max(0, cue.startMs + shiftMs);
    const endMs = cue.endMs + shiftMs;
    const payload = cleanPayload(cue.payload);
    const place = cue.settings === undefined ? {} : { settings: cue.settings };
    const key = `${startMs} ${endMs} ${cue.settings} ${payload}`;
    if (endMs <= startMs || payload === '' || seen.has(key)) continue;
    seen.add(key);
    kept.push({ startMs, endMs, payload, ...place });
  }
  return kept.sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}

/** What stands for a tag's beginning and end. The reading that ruby annotates a word with follows it in parentheses, as in plain print. */
const KEPT_TAGS: ReadonlyMap<string, readonly [opening: string, closing: string]> = new Map([
  ['i', ['<i>', '</i>']],
  ['b', ['<b>', '</b>']],
  ['u', ['<u>', '</u>']],
  ['ruby', ['', '']],
  ['rt', ['(', ')']],
]);
/** The parentheses that HTML has for readers who know no ruby. */
const RUBY_FALLBACK = /<rp>[^<]*<\/rp>/gi;
const OVERRIDES = /\{\\[^{}]*\}/g;
/** An ASS drawing whose tags the tool has already taken away: move, then coordinates and further commands. */
const DRAWING = /^m(\s+-?\d+(\.\d+)?){2}(\s+([mnlbspc]|-?\d+(\.\d+)?))+$/;
/** What steers, ends a line for some reader, or marks an order of bytes. */
const CONTROLS = /(?!\n)\p{Cc}|[\u2028\u2029\ufeff]/gu;
const TOKEN = /<(\/?)([A-Za-z]+)(?:[.\s][^<>]*)?>|<[\d:.]+>|<\/?[A-Za-z][^<>]*>|&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-z]{2,5});|[\s\S]/g;

/**
 * Subtitle text of any origin as a WebVTT payload (W3C WebVTT section 3.3): italics, bold and underline stay, properly nested, ruby becomes `word(reading)`;
 * every other tag, ASS override and drawing goes; all else is escaped text; no empty lines. Empty when nothing is left to read.
 */
export function cleanPayload(text: string): string {
  const plain = cleanCharacters(text.replace(/\r\n?/g, '\n'))
    .replace(OVERRIDES, '')
    .replace(RUBY_FALLBACK, '')
    .replace(/\\[Nn]/g, '\n')
    .replace(/\\h/g, '\u00a0');
  const lines = nestTags(plain).split('\n');
  const payload = lines
    .map(trimBlanks)
    .filter((line) => line !== '')
    .join('\n');
  const readable = payload.replace(/<[^>]*>/g, '').trim();
  return readable === '' || DRAWING.test(readable) ? '' : payload;
}

function cleanCharacters(text: string): string {
  return text.replaceAll('\t', ' ').replace(CONTROLS, '').toWellFormed();
}

/** Without blanks at both ends; by hand, because a pattern for the end looks again from each blank of a long run. */
function trimBlanks(line: string): string {
  let [start, end] = [0, line.length];
  while (start < end && line[start] === ' ') start++;
  while (end > start && line[end - 1] === ' ') end--;
  return line.slice(start, end);
}

function nestTags(text: string): string {
  const open: string[] = [];
  let out = '';
  for (const [token, slash, name] of text.matchAll(TOKEN)) {
    const tag = name?.toLowerCase() ?? '';
    const opening = KEPT_TAGS.get(tag)?.[0];
    if (opening !== undefined) {
      if (slash === '') {
        if (open.includes(tag)) continue;
        open.push(tag);
        out += opening;
      } else {
        const depth = open.lastIndexOf(tag);
        if (depth >= 0) out += open.splice(depth).reverse().map(closing).join('');
      }
    } else if (token.length > 1 && token.startsWith('<')) continue;
    else out += escapeText(token.length > 1 ? unescapeText(token) : token);
  }
  return out + open.reverse().map(closing).join('');
}

function closing(tag: string): string {
  return KEPT_TAGS.get(tag)?.[1] ?? '';
}

const NAMED: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', nbsp: '\u00a0', lrm: '\u200e', rlm: '\u200f', quot: '"' };

/** What a character reference means, cleaned as the character itself would be; the reference when it means nothing. */
function unescapeText(reference: string): string {
  const name = reference.slice(1, -1);
  if (!name.startsWith('#')) return NAMED[name] ?? reference;
  const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code > 0x10ffff ? '' : cleanCharacters(String.fromCodePoint(code));
}

/** Plain text as it stands in a payload (W3C WebVTT section 3.3). */
export function escapeText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
