import type { TextPlan } from '../../model/plan.ts';
import type { TextTrack } from '../../model/source.ts';
import { languageSlug, normaliseLanguage, uniqueNames } from './language.ts';

/** Text codecs, as ffmpeg names them, that become WebVTT; bitmaps stay behind (inspection reports them). */
const TEXT_CODECS: ReadonlySet<string> = new Set(['subrip', 'srt', 'ass', 'ssa', 'mov_text', 'webvtt', 'text']);

/** WebVTT renditions, one per convertible text track; at most one is the default. */
export function planText(tracks: readonly TextTrack[]): TextPlan[] {
  const unique = uniqueNames();
  const convertible = tracks.filter((track) => TEXT_CODECS.has(track.codec));
  const defaultTrack = convertible.find((track) => track.isDefault);
  return convertible.map((track) => ({
    streamIndex: track.streamIndex,
    name: unique(`text-${languageSlug(track.language)}${track.isForced ? '-forced' : ''}`),
    language: normaliseLanguage(track.language),
    title: track.title,
    isDefault: track === defaultTrack,
    isForced: track.isForced,
  }));
}
