import { cleanSettings } from './settings.ts';
import { millisecondsOf } from './stamp.ts';

/**
 * One cue: times on the title's timeline, its payload exactly as it stands in the file (lines joined by `\n`), and where it stands in the picture
 * (what `cleanSettings` gives); without settings in the middle below.
 */
export type Cue = { readonly startMs: number; readonly endMs: number; readonly payload: string; readonly settings?: string };

/** Of a file of subtitles, whatever its form. */
export const MAX_CHARACTERS = 64 * 1024 * 1024;
export const MAX_CUES = 200_000;
/** With a minus ffmpeg writes one digit less. */
const SIXTY = String.raw`([0-5]\d|-[0-5]?\d)`;
const STAMP = String.raw`(?:(\d{2,6}|-\d{1,6}):)?${SIXTY}:${SIXTY}\.(\d{3}|-\d{2,3})`;
const TIMING = new RegExp(String.raw`^${STAMP}[ \t]+-->[ \t]+${STAMP}(?:[ \t](.*))?$`);
const OTHER_BLOCK = /^(NOTE|STYLE|REGION)([ \t]|$)/;

/**
 * Reads the cues of a WebVTT file (W3C WebVTT section 4), in file order; notes, styles and regions are left out.
 * Two things are taken that the standard does not: empty lines inside a payload (what follows them is no timing line, so it goes on with the cue before)
 * and negative times, because ffmpeg writes both. Throws RangeError when it is no WebVTT, or beyond 64 Mi characters or 200,000 cues.
 */
export function parseWebVtt(text: string): Cue[] {
  if (text.length > MAX_CHARACTERS) throw new RangeError('WebVTT: file is too large');
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  if (!/^WEBVTT([ \t].*)?$/.test(lines[0])) throw new RangeError('WebVTT: no WEBVTT at the start');
  const cues: { head: Omit<Cue, 'payload'>; lines: string[] }[] = [];
  for (const block of blocksOf(lines.slice(1))) {
    const timingAt = block.findIndex((line, i) => i < 2 && TIMING.test(line));
    if (timingAt >= 0) {
      if (cues.length === MAX_CUES) throw new RangeError('WebVTT: too many cues');
      cues.push({ head: readHead(block[timingAt]), lines: block.slice(timingAt + 1) });
    } else if (!OTHER_BLOCK.test(block[0])) for (const line of block) cues.at(-1)?.lines.push(line);
  }
  return cues.map(({ head: { startMs, endMs, ...place }, lines: payload }) => ({ startMs, endMs, payload: payload.join('\n'), ...place }));
}

/** Writes a file. Throws RangeError for a payload or settings that would not be read back the same, or times that a cue cannot have. */
export function writeWebVtt(cues: readonly Cue[]): string {
  const blocks = cues.map(({ startMs, endMs, payload, settings }) => {
    if (payload.includes('-->') || payload.split('\n').includes('') || payload.includes('\r'))
      throw new RangeError('WebVTT: a payload has an arrow or an empty line');
    if (!(startMs >= 0 && endMs > startMs)) throw new RangeError(`WebVTT: a cue lasts from ${startMs} to ${endMs} ms`);
    if (settings !== undefined && (settings === '' || cleanSettings(settings) !== settings))
      throw new RangeError('WebVTT: a cue has settings that mean nothing');
    return `\n${clock(startMs)} --> ${clock(endMs)}${settings === undefined ? '' : ` ${settings}`}\n${payload}\n`;
  });
  return `WEBVTT\n${blocks.join('')}`;
}

function* blocksOf(lines: readonly string[]): Generator<string[]> {
  let block: string[] = [];
  for (const line of lines) {
    if (line !== '') block.push(line);
    else if (block.length > 0) {
      yield block;
      block = [];
    }
  }
  if (block.length > 0) yield block;
}

function readHead(line: string): Omit<Cue, 'payload'> {
  const parts = TIMING.exec(line)!;
  const settings = cleanSettings(parts[9] ?? '');
  return { startMs: millisecondsOf(parts.slice(1, 5), 1), endMs: millisecondsOf(parts.slice(5, 9), 1), ...(settings === '' ? {} : { settings }) };
}

function clock(ms: number): string {
  const whole = Math.round(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  const [hours, minutes, seconds] = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60, Math.floor(whole / 1000) % 60];
  return `${two(hours)}:${two(minutes)}:${two(seconds)}.${String(whole % 1000).padStart(3, '0')}`;
}
