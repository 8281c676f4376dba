import { type Cue, parseWebVtt } from '../webvtt/cues.ts';
import { parseAss } from './ass.ts';
import { parseSubRip } from './subrip.ts';

export const SUBTITLE_FORMS = ['subrip', 'webvtt', 'ass'] as const;
export type SubtitleForm = (typeof SUBTITLE_FORMS)[number];

const PARSERS: { readonly [form in SubtitleForm]: (text: string) => Cue[] } = { subrip: parseSubRip, webvtt: parseWebVtt, ass: parseAss };
const ARROW = /\d[ \t]*--?>[ \t]*-?\d/;

/** The form of a file of subtitles by what is in it, whatever its name says; null when it is none that is read here. */
export function subtitleForm(text: string): SubtitleForm | null {
  if (text.includes('\0')) return null;
  if (/^\ufeff?WEBVTT(?:[ \t\r\n]|$)/.test(text)) return 'webvtt';
  if (/^[ \t\ufeff]*\[(?:script info|events|v4\+? styles)\]/im.test(text)) return 'ass';
  return ARROW.test(text) ? 'subrip' : null;
}

/** Cues as they stand in the file, payloads not cleaned. Throws RangeError when it cannot be read. */
export function readSubtitles(text: string, form: SubtitleForm): Cue[] {
  return PARSERS[form](text);
}
