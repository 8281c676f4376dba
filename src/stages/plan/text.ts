import type { TextPlan } from '../../model/plan.ts';
import type { Sidecar } from '../../model/sidecar.ts';
import type { TextTrack } from '../../model/source.ts';
import { languageSlug, normaliseLanguage, roleSlug, uniqueNames } from './language.ts';

/** Text codecs, as ffmpeg names them, that become WebVTT (`a53`: captions beside pictures); bitmaps stay behind (inspection reports them). */
const TEXT_CODECS: ReadonlySet<string> = new Set(['subrip', 'srt', 'ass', 'ssa', 'mov_text', 'webvtt', 'text', 'eia_608', 'a53']);

/** Codecs that say where a text stands in ways that SubRip has no words for: their tracks are taken out as they are. */
const FORMS: { readonly [codec: string]: TextPlan['form'] } = {
  ass: 'ass',
  ssa: 'ass',
  webvtt: 'webvtt',
  eia_608: 'ass',
  a53: 'captions',
};

/** WebVTT renditions, one per convertible text track, and behind them one per sidecar; at most one is the default. */
export function planText(tracks: readonly TextTrack[], sidecars: readonly Sidecar[] = []): TextPlan[] {
  const unique = uniqueNames();
  const convertible = tracks.filter((track) => TEXT_CODECS.has(track.codec));
  const defaultTrack = convertible.find((track) => track.isDefault);
  const inSource = convertible.map((track) => ({
    streamIndex: track.streamIndex,
    ...(FORMS[track.codec] ? { form: FORMS[track.codec] } : {}),
    name: unique(`text-${languageSlug(track.language)}${roleSlug(track.role)}${track.isForced ? '-forced' : ''}`),
    language: normaliseLanguage(track.language),
    title: track.title,
    isDefault: track === defaultTrack,
    isForced: track.isForced,
    ...(track.role ? { role: track.role } : {}),
  }));
  const beside = sidecars.map(({ language }, sidecar) => ({
    streamIndex: null,
    sidecar,
    name: unique(`text-${languageSlug(language)}`),
    language: normaliseLanguage(language),
    title: '',
    isDefault: false,
    isForced: false,
  }));
  return [...inSource, ...beside];
}
