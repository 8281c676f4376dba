import { type Cue, MAX_CHARACTERS, MAX_CUES } from '../webvtt/cues.ts';
import { escapeText } from '../webvtt/normalise.ts';
import { type AssPlace, settingsOfPlace } from '../webvtt/settings.ts';
import { millisecondsOf } from '../webvtt/stamp.ts';

/** Alignments of SSA and of the tag `\a` as on a number pad: 1 to 3 are below, 5 to 7 above, 9 to 11 in the middle. */
export const OLD_ALIGNMENT: { readonly [old: number]: number } = { 1: 1, 2: 2, 3: 3, 5: 7, 6: 8, 7: 9, 9: 4, 10: 5, 11: 6 };

/** Pixels of the script's own picture when it does not say them (libass 0.17, ass_types.h). */
const USUAL_SIZE = { x: 384, y: 288 };
const BELOW = 2;
const MAX_STYLES = 10_000;

type Style = { readonly alignment: number; readonly isItalic: boolean };
type Script = {
  readonly size: { x: number; y: number };
  readonly styles: Map<string, Style>;
  readonly cues: Cue[];
};

/** Columns when a section has no Format line. */
const STYLE_COLUMNS = { name: 0, italic: 8, alignment: 18 };
const EVENT_COLUMNS = 'layer, start, end, style, name, marginl, marginr, marginv, effect, text';

/**
 * Cues of an ASS or SSA script, in file order: plain text with italics, bold and underline, and where it stands (from alignments, `\pos` and `\move`).
 * Comments, drawings, fonts, colours and movement go. Text is escaped like that of a WebVTT payload. Lines that make no sense are left out.
 * Throws RangeError beyond 64 Mi characters or 200,000 cues.
 */
export function parseAss(text: string): Cue[] {
  if (text.length > MAX_CHARACTERS) throw new RangeError('ASS: file is too large');
  const script: Script = { size: { ...USUAL_SIZE }, styles: new Map(), cues: [] };
  let [section, columns] = ['', EVENT_COLUMNS.split(', ')];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const heading = /^[ \t\ufeff]*\[([^\]]{1,60})\]/.exec(line);
    if (heading) {
      [section, columns] = [heading[1].trim().toLowerCase(), EVENT_COLUMNS.split(', ')];
      continue;
    }
    const [key, value] = keyAndValue(line);
    if (section === 'script info') readSize(key, value, script.size);
    else if (section.startsWith('v4')) columns = readStyle({ key, value, columns, isOld: !section.includes('+') }, script);
    else if (section === 'events' && key === 'format') columns = columnsOf(value);
    else if (section === 'events' && key === 'dialogue') readEvent(value, columns, script);
  }
  return script.cues;
}

function keyAndValue(line: string): [string, string] {
  const colon = line.indexOf(':');
  return colon < 0 ? ['', ''] : [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trimStart()];
}

function columnsOf(format: string): string[] {
  return format
    .slice(0, 1000)
    .split(',')
    .map((name) => name.trim().toLowerCase());
}

function readSize(key: string, value: string, size: { x: number; y: number }): void {
  const axis = key === 'playresx' ? 'x' : key === 'playresy' ? 'y' : null;
  const pixels = Number.parseInt(value, 10);
  if (axis && pixels >= 1 && pixels <= 100_000) size[axis] = pixels;
}

type StyleLine = { readonly key: string; readonly value: string; readonly columns: string[]; readonly isOld: boolean };

/** Returns the columns to go on with. */
function readStyle({ key, value, columns, isOld }: StyleLine, { styles }: Script): string[] {
  if (key === 'format') return columnsOf(value);
  if (key !== 'style' || styles.size >= MAX_STYLES) return columns;
  const fields = value.split(',', 40).map((field) => field.trim());
  const field = (name: keyof typeof STYLE_COLUMNS) => fields[columns.includes('fontname') ? columns.indexOf(name) : STYLE_COLUMNS[name]] ?? '';
  const number = Number.parseInt(field('alignment'), 10);
  const alignment = isOld ? OLD_ALIGNMENT[number] : number;
  styles.set(styleName(field('name')), { alignment: alignment >= 1 && alignment <= 9 ? alignment : BELOW, isItalic: /^-?1$/.test(field('italic')) });
  return columns;
}

/** Players take a leading star for nothing. */
function styleName(name: string): string {
  return name.replace(/^\*+/, '').trim().toLowerCase();
}

function readEvent(value: string, columns: readonly string[], { styles, size, cues }: Script): void {
  const fields = splitFirst(value, columns.length);
  const field = (name: string) => fields[columns.indexOf(name)] ?? '';
  const [startMs, endMs] = [milliseconds(field('start')), milliseconds(field('end'))];
  if (startMs === null || endMs === null) return;
  if (cues.length === MAX_CUES) throw new RangeError('ASS: too many cues');
  const style = styles.get(styleName(field('style')));
  const read = readText(field('text'), style ?? { alignment: BELOW, isItalic: false });
  const { place } = read;
  const anchor = place.anchor && { x: place.anchor.x / size.x, y: place.anchor.y / size.y };
  const settings = settingsOfPlace({ ...place, anchor }, read.payload.split('\n').length);
  cues.push({ startMs, endMs, payload: read.payload, ...(settings === '' ? {} : { settings }) });
}

/** At most `count` fields; the last one keeps its commas. */
function splitFirst(value: string, count: number): string[] {
  const fields: string[] = [];
  let at = 0;
  while (fields.length < count - 1) {
    const comma = value.indexOf(',', at);
    if (comma < 0) break;
    fields.push(value.slice(at, comma).trim());
    at = comma + 1;
  }
  return [...fields, value.slice(at)];
}

function milliseconds(time: string): number | null {
  const parts = /^(-?\d{1,4}):(-?\d{1,2}):(-?\d{1,2})(?:[.,:](-?\d{1,3}))?$/.exec(time);
  return parts && millisecondsOf(parts.slice(1), 10);
}

type Reading = { place: { alignment: number; anchor: AssPlace['anchor'] }; isDrawing: boolean; isPlaced: boolean };

const TAGS: { readonly [tag: string]: string } = { i: 'i', b: 'b', u: 'u' };

/** The text of an event: `{…}` are commands, everything else is shown. The first alignment and the first position count. */
function readText(text: string, style: Style): { payload: string; place: AssPlace } {
  const reading: Reading = { place: { alignment: style.alignment, anchor: null }, isDrawing: false, isPlaced: false };
  let payload = style.isItalic ? '<i>' : '';
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('{', at);
    const close = open < 0 ? -1 : text.indexOf('}', open);
    const plain = text.slice(at, close < 0 ? text.length : open);
    if (!reading.isDrawing) payload += escaped(plain);
    if (close < 0) break;
    payload += readCommands(text.slice(open + 1, close), style, reading);
    at = close + 1;
  }
  return { payload: payload.trim(), place: reading.place };
}

function escaped(text: string): string {
  return escapeText(text)
    .replace(/\\[Nn]/g, '\n')
    .replace(/\\h/g, '\u00a0');
}

/** What a command block stands for in the payload; places and drawings are noted in `reading`. */
function readCommands(block: string, style: Style, reading: Reading): string {
  let tags = '';
  for (const command of block.split('\\').slice(1)) {
    const onOff = /^([ibu])(\d{0,4})\s*$/.exec(command);
    const align = /^(an?)(\d{1,2})\s*$/.exec(command);
    const place = /^(?:pos|move)\(\s*(-?\d{1,6}(?:\.\d{1,6})?)\s*,\s*(-?\d{1,6}(?:\.\d{1,6})?)\s*[,)]/.exec(command);
    const drawing = /^p(\d{1,3})\s*$/.exec(command);
    // Bold may be a weight: 400 and less is what is not bold.
    if (onOff) tags += isOn(onOff[1], onOff[2], style) ? `<${TAGS[onOff[1]]}>` : `</${TAGS[onOff[1]]}>`;
    else if (/^r/.test(command)) tags += `</i></b></u>${style.isItalic ? '<i>' : ''}`;
    else if (drawing) reading.isDrawing = Number(drawing[1]) > 0;
    else if (align && !reading.isPlaced) {
      const alignment = align[1] === 'an' ? Number(align[2]) : (OLD_ALIGNMENT[Number(align[2])] ?? 0);
      reading.isPlaced = alignment >= 1 && alignment <= 9;
      if (reading.isPlaced) reading.place.alignment = alignment;
    } else if (place) reading.place.anchor ??= { x: Number(place[1]), y: Number(place[2]) };
  }
  return tags;
}

function isOn(tag: string, value: string, style: Style): boolean {
  if (value === '') return tag === 'i' && style.isItalic;
  return tag === 'b' ? Number(value) === 1 || Number(value) > 400 : value !== '0';
}
