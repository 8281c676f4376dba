import type { FileRange } from '../cmaf/file-range.ts';
import { constantFrameRate } from '../cmaf/frame-rate.ts';
import { cleanLabel, languageTag, menuLabels } from '../cmaf/labels.ts';
import {
  audioTracks,
  type Presentation,
  presentationSeconds,
  requirePresentable,
  type TextRendition,
  type ThumbnailSheets,
  videoTracks,
} from '../cmaf/presentation.ts';
import { segmentRates, startupSeconds, targetDurationSeconds } from '../cmaf/rates.ts';
import { ROLE_WORDS, type TrackRole } from '../cmaf/role.ts';
import type { CmafTrack } from '../cmaf/track.ts';
import { BT2020_MATRIX_CODE, BT2020_PRIMARIES_CODE, TRANSFER_CODES, type VideoRange } from '../hdr.ts';
import { element } from './xml.ts';

const ON_DEMAND_PROFILE = 'urn:mpeg:dash:profile:isoff-on-demand:2011';
const ROLE_SCHEME = 'urn:mpeg:dash:role:2011';
const PURPOSE_SCHEME = 'urn:tva:metadata:cs:AudioPurposeCS:2007';
const CHANNELS_SCHEME = 'urn:mpeg:dash:23003:3:audio_channel_configuration:2011';
/** Code points of ISO/IEC 23091-2. */
export const CICP_SCHEMES = 'urn:mpeg:mpegB:cicp:';
/** DASH-IF IOP part 5 section 9.2.6.2: tiles of thumbnail pictures. */
export const TILE_SCHEME = 'http://dashif.org/guidelines/thumbnail_tile';

/**
 * Static MPD over single-file tracks with a segment index each (ISO/IEC 23009-1, on-demand profile).
 * Pictures of one codec and one range of light are one AdaptationSet; every sound and text rendition has its own. Throws RangeError for a presentation that cannot be written.
 */
export function writeMpd(presentation: Presentation): string {
  requirePresentable(presentation);
  const target = targetDurationSeconds(presentation.tracks);
  const startup = Math.max(...presentation.tracks.map((track) => startupSeconds(track, segmentRates(track, target).peakBitsPerSecond)));
  const sets = [
    ...videoSets(videoTracks(presentation), target),
    ...audioSets(audioTracks(presentation), target),
    ...textSets(presentation.texts),
    ...(presentation.thumbnails ? [thumbnailSet(presentation.thumbnails)] : []),
  ];
  const title = cleanLabel(presentation.title);
  const attributes = {
    xmlns: 'urn:mpeg:dash:schema:mpd:2011',
    profiles: ON_DEMAND_PROFILE,
    type: 'static',
    mediaPresentationDuration: isoSeconds(presentationSeconds(presentation.tracks)),
    minBufferTime: isoSeconds(startup),
  };
  const mpd = element('MPD', attributes, [
    title === '' ? null : element('ProgramInformation', {}, [element('Title', {}, title)]),
    element(
      'Period',
      { id: 'title', start: 'PT0S' },
      sets.map((write, i) => write(i + 1)),
    ),
  ]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${mpd}\n`;
}

type WriteSet = (id: number) => string;

function videoSets(tracks: readonly CmafTrack[], target: number): WriteSet[] {
  const families = [...new Set(tracks.map(familyOf))];
  return families.map((family, i) => (id) => {
    const members = tracks.filter((track) => familyOf(track) === family);
    const range = members[0].videoRange;
    const others = families
      .flatMap((other, j) => (j !== i && tracks.some((track) => familyOf(track) === other && track.videoRange === range) ? [j + 1] : []))
      .join(',');
    const switching = element('SupplementalProperty', { schemeIdUri: 'urn:mpeg:dash:adaptation-set-switching:2016', value: others });
    const attributes = {
      ...setAttributes(id, 'video'),
      maxWidth: Math.max(...members.map((track) => track.widthPx ?? 0)) || null,
      maxHeight: Math.max(...members.map((track) => track.heightPx ?? 0)) || null,
    };
    return element('AdaptationSet', attributes, [
      ...(range === undefined ? [] : colorProperties(range)),
      others === '' ? null : switching,
      role('main'),
      ...members.map((track) => representation(track, target, { width: track.widthPx, height: track.heightPx, frameRate: frameRate(track), sar: '1:1' })),
    ]);
  });
}

function audioSets(tracks: readonly CmafTrack[], target: number): WriteSet[] {
  const labels = menuLabels(tracks, 'Sound');
  const preferred = Math.max(
    0,
    tracks.findIndex((track) => track.isDefault),
  );
  return tracks.map((track, i) => (id) => {
    const channels = track.channels ? element('AudioChannelConfiguration', { schemeIdUri: CHANNELS_SCHEME, value: track.channels }) : null;
    return element('AdaptationSet', { ...setAttributes(id, 'audio'), lang: languageTag(track.language ?? 'und') }, [
      element('Label', {}, labels[i]),
      accessibility(track.role),
      role(i === preferred ? 'main' : track.role ? ROLE_WORDS[track.role].dashRole : 'alternate'),
      representation(track, target, { audioSamplingRate: track.sampleRate }, channels),
    ]);
  });
}

function textSets(texts: readonly TextRendition[]): WriteSet[] {
  const labels = menuLabels(texts, 'Subtitles');
  const preferred = texts.findIndex((text) => text.isDefault);
  return texts.map((text, i) => (id) => {
    const attributes = { id, contentType: 'text', mimeType: 'text/vtt', lang: languageTag(text.language) };
    return element('AdaptationSet', attributes, [
      element('Label', {}, labels[i]),
      accessibility(text.role),
      role(text.role ? ROLE_WORDS[text.role].dashRole : 'subtitle'),
      i === preferred ? role('main') : null,
      text.isForced ? role('forced-subtitle') : null,
      element('Representation', { id: text.name, bandwidth: TEXT_BANDWIDTH }, [element('BaseURL', {}, text.file)]),
    ]);
  });
}

/** The attribute is required; a text file is fetched whole, so it decides nothing. */
const TEXT_BANDWIDTH = 1000;

function thumbnailSet(sheets: ThumbnailSheets): WriteSet {
  const sheetSeconds = sheets.intervalSeconds * sheets.columns * sheets.rows;
  const template = { media: thumbnailTemplate(sheets), timescale: 1000, duration: Math.round(sheetSeconds * 1000), startNumber: 1 };
  const size = { width: sheets.columns * sheets.cellWidthPx, height: sheets.rows * sheets.cellHeightPx };
  const bandwidth = Math.max(1, Math.ceil((sheets.maxSheetBytes * 8) / sheetSeconds));
  return (id) =>
    element('AdaptationSet', { id, contentType: 'image', mimeType: 'image/jpeg' }, [
      element('SegmentTemplate', template),
      element('Representation', { id: 'thumbnails', bandwidth, ...size }, [
        element('EssentialProperty', { schemeIdUri: TILE_SCHEME, value: `${sheets.columns}x${sheets.rows}` }),
      ]),
    ]);
}

/** The one SegmentTemplate that gives all sheet names. Throws RangeError when they are not numbered from 1 with one width. */
function thumbnailTemplate(sheets: ThumbnailSheets): string {
  const match = /^(.*?)(\d+)(\.[a-z]+)$/.exec(sheets.files[0] ?? '');
  const digits = match?.[2].length ?? 0;
  const fits = match && sheets.files.every((file, i) => file === `${match[1]}${String(i + 1).padStart(digits, '0')}${match[3]}`);
  if (!fits) throw new RangeError('DASH: thumbnail sheets are not numbered from 1');
  return `${match[1]}$Number%0${digits}d$${match[3]}`;
}

function setAttributes(id: number, contentType: 'video' | 'audio') {
  const aligned = { segmentAlignment: 'true', subsegmentAlignment: 'true', startWithSAP: 1, subsegmentStartsWithSAP: 1 };
  return { id, contentType, mimeType: `${contentType}/mp4`, ...aligned };
}

function representation(track: CmafTrack, target: number, own: { [name: string]: string | number | null | undefined }, channels: string | null = null): string {
  const bandwidth = segmentRates(track, target).peakBitsPerSecond;
  return element('Representation', { id: track.name, bandwidth, codecs: track.codec, ...own }, [
    channels,
    element('BaseURL', {}, track.file),
    element('SegmentBase', { indexRange: byteRange(track.indexRange), timescale: track.timescale }, [
      element('Initialization', { range: byteRange(track.initRange) }),
    ]),
  ]);
}

function accessibility(of: TrackRole | undefined): string | null {
  const purpose = of && ROLE_WORDS[of].audioPurpose;
  return purpose ? element('Accessibility', { schemeIdUri: PURPOSE_SCHEME, value: purpose }) : null;
}

function role(value: string): string {
  return element('Role', { schemeIdUri: ROLE_SCHEME, value });
}

function frameRate(track: CmafTrack): string | null {
  const rate = constantFrameRate(track);
  if (!rate) return null;
  return rate.den === 1 ? String(rate.num) : `${rate.num}/${rate.den}`;
}

/** Pictures that a player may change between within a set: of one codec and one range of light. */
function familyOf(track: CmafTrack): string {
  return `${codecFamily(track.codec)} ${track.videoRange ?? 'SDR'}`;
}

/** How pictures that are not SDR have to be shown (ISO/IEC 23009-1, 5.8.5.18): essential, so a player that does not know it leaves the set alone. */
function colorProperties(range: VideoRange): string[] {
  const codes = { ColourPrimaries: BT2020_PRIMARIES_CODE, TransferCharacteristics: TRANSFER_CODES[range], MatrixCoefficients: BT2020_MATRIX_CODE };
  return Object.entries(codes).map(([name, value]) => element('EssentialProperty', { schemeIdUri: `${CICP_SCHEMES}${name}`, value }));
}

/** What stands before the dot of an RFC 6381 codec string. */
function codecFamily(codec: string): string {
  return codec.split('.', 1)[0];
}

/** RFC 7233 byte range without its unit; the end is inclusive. */
function byteRange(range: FileRange): string {
  return `${range.start}-${range.endExclusive - 1}`;
}

/** ISO 8601 duration, microseconds, rounded up so that nothing is cut off. */
function isoSeconds(seconds: number): string {
  const microseconds = Math.ceil(seconds * 1_000_000 - 1e-3);
  return `PT${(microseconds / 1_000_000).toFixed(6).replace(/\.?0+$/, '')}S`;
}
