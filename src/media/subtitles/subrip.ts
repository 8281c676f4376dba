import { type Cue, MAX_CHARACTERS, MAX_CUES } from '../webvtt/cues.ts';
import { settingsOfPlace } from '../webvtt/settings.ts';
import { millisecondsOf } from '../webvtt/stamp.ts';
import { OLD_ALIGNMENT } from './ass.ts';

const STAMP = String.raw`(?:(-?\d{1,6}):)?(-?\d{1,3}):(-?\d{1,2})[,.:](-?\d{1,3})`;
const TIMING = new RegExp(String.raw`^[ \t]*${STAMP}[ \t]*--?>[ \t]*${STAMP}(?:[ \t].*)?$`);
const ALIGNMENT = /\{\\an?(\d{1,2})[\\}]/;

/**
 * Cues of a SubRip file, in file order. Nobody wrote its rules down; what players take is taken: numbers may be missing, wrong or doubled, texts may have empty
 * lines, fractions may have one to three digits behind a comma, point or colon, and `{\an8}` says where a text stands. Negative parts are what ffmpeg writes for
 * times before zero. Empty when nothing in the text is a cue. Throws RangeError beyond 64 Mi characters or 200,000 cues.
 */
export function parseSubRip(text: string): Cue[] {
  if (text.length > MAX_CHARACTERS) throw new RangeError('SubRip: file is too large');
  const cues: { startMs: number; endMs: number; lines: string[] }[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const parts = TIMING.exec(line);
    if (!parts) {
      cues.at(-1)?.lines.push(line);
      continue;
    }
    if (cues.length === MAX_CUES) throw new RangeError('SubRip: too many cues');
    dropNumber(cues.at(-1)?.lines ?? []);
    cues.push({ startMs: millisecondsOf(parts.slice(1, 5), 1), endMs: millisecondsOf(parts.slice(5, 9), 1), lines: [] });
  }
  return cues.map(({ startMs, endMs, lines }) => {
    const payload = lines.join('\n').trim();
    const settings = settingsOf(payload);
    return { startMs, endMs, payload, ...(settings === '' ? {} : { settings }) };
  });
}

/** The number of the next cue stands behind an empty line, or, when there is no text, right before its times. */
function dropNumber(lines: string[]): void {
  const isEmpty = (line: string | undefined) => line?.trim() === '';
  const isAlone = lines.length === 1;
  while (isEmpty(lines.at(-1))) lines.pop();
  const isNumber = /^[ \t]*\d{1,9}[ \t]*$/.test(lines.at(-1) ?? '');
  if (isNumber && (isAlone || isEmpty(lines.at(-2)))) lines.pop();
}

function settingsOf(payload: string): string {
  const [tag, number] = ALIGNMENT.exec(payload) ?? [];
  if (tag === undefined) return '';
  const alignment = tag.startsWith('{\\an') ? Number(number) : (OLD_ALIGNMENT[Number(number)] ?? 2);
  return alignment >= 1 && alignment <= 9 ? settingsOfPlace({ alignment, anchor: null }, payload.split('\n').length) : '';
}
