import { constantFrameRate } from '../cmaf/frame-rate.ts';
import { languageTag, menuLabels } from '../cmaf/labels.ts';
import { audioTracks, type Presentation, requirePresentable, type TextRendition, videoTracks } from '../cmaf/presentation.ts';
import { type SegmentRates, segmentRates, targetDurationSeconds } from '../cmaf/rates.ts';
import type { CmafTrack } from '../cmaf/track.ts';
import { type Attribute, quoted, tagLine } from './attributes.ts';
import { HLS_VERSION, playlistFile } from './media-playlist.ts';

const AUDIO_GROUP = 'audio';
const TEXT_GROUP = 'text';

/**
 * Multivariant playlist (RFC 8216 section 4.3.4) over the media playlists of `writeMediaPlaylist` and `writeTextPlaylist`.
 * A title without pictures has one variant per audio track. Throws RangeError for a presentation that cannot be written.
 */
export function writeMultivariant(presentation: Presentation): string {
  requirePresentable(presentation);
  const audio = audioTracks(presentation);
  const videos = videoTracks(presentation);
  const target = targetDurationSeconds(presentation.tracks);
  const audioRates = audio.map((track) => segmentRates(track, target));
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${HLS_VERSION}`, '#EXT-X-INDEPENDENT-SEGMENTS'];
  if (videos.length > 0) lines.push(...audioLines(audio));
  lines.push(...textLines(presentation.texts));
  const text: Attribute | null = presentation.texts.length > 0 ? ['SUBTITLES', quoted(TEXT_GROUP)] : null;
  const hasHdr = videos.some(({ videoRange }) => videoRange !== undefined);
  for (const track of videos) {
    const rates = addRates(segmentRates(track, target), audioRates);
    lines.push(tagLine('EXT-X-STREAM-INF', [...rateAttributes(rates), ...pictureAttributes(track, audio, hasHdr), text]), playlistFile(track));
  }
  if (videos.length === 0) {
    for (const [i, track] of audio.entries()) {
      lines.push(tagLine('EXT-X-STREAM-INF', [...rateAttributes(audioRates[i]), ['CODECS', quoted(track.codec)], text]), playlistFile(track));
    }
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

function audioLines(audio: readonly CmafTrack[]): string[] {
  const labels = menuLabels(audio, 'Sound');
  const languages = audio.map((track) => languageTag(track.language ?? 'und'));
  const preferred = Math.max(
    0,
    audio.findIndex((track) => track.isDefault),
  );
  const automatic = autoselected(languages, preferred);
  return audio.map((track, i) =>
    tagLine('EXT-X-MEDIA', [
      ['TYPE', 'AUDIO'],
      ['GROUP-ID', quoted(AUDIO_GROUP)],
      ['NAME', quoted(labels[i])],
      languages[i] === 'und' ? null : ['LANGUAGE', quoted(languages[i])],
      ['DEFAULT', yesNo(i === preferred)],
      ['AUTOSELECT', yesNo(automatic[i])],
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
    texts.map((text, i) => `${languages[i]} ${text.isForced}`),
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
      ['URI', quoted(playlistFile(text))],
    ]),
  );
}

/** A player may choose by itself only one of the members that it cannot tell apart (section 4.3.4.1.1): the preferred one, else the first. */
function autoselected(kinds: readonly string[], preferred: number): boolean[] {
  return kinds.map((kind, i) => i === (kind === kinds[preferred] ? preferred : kinds.indexOf(kind)));
}

function yesNo(value: boolean): 'YES' | 'NO' {
  return value ? 'YES' : 'NO';
}
