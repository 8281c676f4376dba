import { constantFrameRate } from '../cmaf/frame-rate.ts';
import { languageTag, menuLabels } from '../cmaf/labels.ts';
import { audioTracks, type Presentation, requirePresentable, type TextRendition, videoTracks } from '../cmaf/presentation.ts';
import { type SegmentRates, segmentRates, targetDurationSeconds } from '../cmaf/rates.ts';
import { ROLE_WORDS, type TrackRole } from '../cmaf/role.ts';
import type { CmafTrack } from '../cmaf/track.ts';
import { type Attribute, quoted, tagLine } from './attributes.ts';
import { HLS_VERSION, playlistFile } from './media-playlist.ts';

const AUDIO_GROUP = 'audio';
const TEXT_GROUP = 'text';

/**
 * Multivariant playlist (RFC 8216 section 4.3.4) over the media playlists of `writeMediaPlaylist` and `writeTextPlaylist`.
 * A title without pictures has one variant: its preferred sound, beside which the others are offered. Throws RangeError for a presentation that cannot be written.
 */
export function writeMultivariant(presentation: Presentation): string {
  requirePresentable(presentation);
  const audio = audioTracks(presentation);
  const videos = videoTracks(presentation);
  const target = targetDurationSeconds(presentation.tracks);
  const audioRates = audio.map((track) => segmentRates(track, target));
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${HLS_VERSION}`, '#EXT-X-INDEPENDENT-SEGMENTS'];
  if (videos.length > 0 || audio.length > 1) lines.push(...audioLines(audio));
  lines.push(...textLines(presentation.texts));
  const text: Attribute | null = presentation.texts.length > 0 ? ['SUBTITLES', quoted(TEXT_GROUP)] : null;
  const hasHdr = videos.some(({ videoRange }) => videoRange !== undefined);
  for (const track of videos) {
    const rates = addRates(segmentRates(track, target), audioRates);
    lines.push(tagLine('EXT-X-STREAM-INF', [...rateAttributes(rates), ...pictureAttributes(track, audio, hasHdr), text]), playlistFile(track));
  }
  if (videos.length === 0) {
    const rates = addRates({ peakBitsPerSecond: 0, averageBitsPerSecond: 0 }, audioRates);
    lines.push(tagLine('EXT-X-STREAM-INF', [...rateAttributes(rates), ...soundAttributes(audio), text]), playlistFile(audio[preferredSound(audio)]));
  }
  return `${lines.join('\n')}\n`;
}

/** The largest sum of rates that any playable combination produces (section 4.3.4.2). */
function addRates(video: SegmentRates, audio: readonly SegmentRates[]): SegmentRates {
  return {
    peakBitsPerSecond: video.peakBitsPerSecond + Math.max(0, ...audio.map((rates) => rates.peakBitsPerSecond)),
    averageBitsPerSecond: video.averageBitsPerSecond + Math.max(0, ...audio.map((rates) => rates.averageBitsPerSecond)),
  };
}

function rateAttributes(rates: SegmentRates): Attribute[] {
  return [
    ['BANDWIDTH', String(rates.peakBitsPerSecond)],
    ['AVERAGE-BANDWIDTH', String(rates.averageBitsPerSecond)],
  ];
}

/** The range is said of every variant as soon as one is not SDR (draft-pantos-hls-rfc8216bis, 4.4.6.2). */
function pictureAttributes(track: CmafTrack, audio: readonly CmafTrack[], hasHdr: boolean): (Attribute | null)[] {
  const codecs = [...new Set([track, ...audio].map(({ codec }) => codec))];
  const rate = constantFrameRate(track);
  return [
    ['CODECS', quoted(codecs.join(','))],
    track.widthPx && track.heightPx ? ['RESOLUTION', `${track.widthPx}x${track.heightPx}`] : null,
    rate ? ['FRAME-RATE', (rate.num / rate.den).toFixed(3)] : null,
    hasHdr ? ['VIDEO-RANGE', track.videoRange ?? 'SDR'] : null,
    audio.length > 0 ? ['AUDIO', quoted(AUDIO_GROUP)] : null,
  ];
}

function soundAttributes(audio: readonly CmafTrack[]): (Attribute | null)[] {
  const codecs = [...new Set(audio.map(({ codec }) => codec))];
  return [['CODECS', quoted(codecs.join(','))], audio.length > 1 ? ['AUDIO', quoted(AUDIO_GROUP)] : null];
}

function preferredSound(audio: readonly CmafTrack[]): number {
  return Math.max(
    0,
    audio.findIndex((track) => track.isDefault),
  );
}

function audioLines(audio: readonly CmafTrack[]): string[] {
  const labels = menuLabels(audio, 'Sound');
  const languages = audio.map((track) => languageTag(track.language ?? 'und'));
  const preferred = preferredSound(audio);
  const automatic = autoselected(
    audio.map(({ role }, i) => ({ kind: `${languages[i]} ${role}`, role })),
    preferred,
  );
  return audio.map((track, i) =>
    tagLine('EXT-X-MEDIA', [
      ['TYPE', 'AUDIO'],
      ['GROUP-ID', quoted(AUDIO_GROUP)],
      ['NAME', quoted(labels[i])],
      languages[i] === 'und' ? null : ['LANGUAGE', quoted(languages[i])],
      ['DEFAULT', yesNo(i === preferred)],
      ['AUTOSELECT', yesNo(automatic[i])],
      characteristics(track.role),
      track.channels ? ['CHANNELS', quoted(String(track.channels))] : null,
      ['URI', quoted(playlistFile(track))],
    ]),
  );
}

function textLines(texts: readonly TextRendition[]): string[] {
  const labels = menuLabels(texts, 'Subtitles');
  const languages = texts.map((text) => languageTag(text.language));
  const preferred = texts.findIndex((text) => text.isDefault);
  const automatic = autoselected(
    texts.map(({ isForced, role }, i) => ({ kind: `${languages[i]} ${isForced} ${role}`, role })),
    preferred,
  );
  return texts.map((text, i) =>
    tagLine('EXT-X-MEDIA', [
      ['TYPE', 'SUBTITLES'],
      ['GROUP-ID', quoted(TEXT_GROUP)],
      ['NAME', quoted(labels[i])],
      languages[i] === 'und' ? null : ['LANGUAGE', quoted(languages[i])],
      ['DEFAULT', yesNo(i === preferred)],
      ['AUTOSELECT', yesNo(automatic[i])],
      ['FORCED', yesNo(text.isForced)],
      characteristics(text.role),
      ['URI', quoted(playlistFile(text))],
    ]),
  );
}

function characteristics(role: TrackRole | undefined): Attribute | null {
  return role ? ['CHARACTERISTICS', quoted(ROLE_WORDS[role].characteristics)] : null;
}

type Member = { readonly kind: string; readonly role: TrackRole | undefined };

/**
 * A player may choose by itself only one of the members that it cannot tell apart (section 4.3.4.1.1): the preferred one, else the first. Nobody hears a commentary
 * without having asked for it.
 */
function autoselected(members: readonly Member[], preferred: number): boolean[] {
  const kinds = members.map(({ kind }) => kind);
  return members.map(({ kind, role }, i) => {
    if (role === 'commentary' && i !== preferred) return false;
    return i === (kind === kinds[preferred] ? preferred : kinds.indexOf(kind));
  });
}

function yesNo(value: boolean): 'YES' | 'NO' {
  return value ? 'YES' : 'NO';
}
