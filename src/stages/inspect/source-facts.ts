import type { TrackRole } from '../../media/cmaf/role.ts';
import type { AudioTrack, Chapter, SourceFacts, TextTrack, VideoTrack } from '../../model/source.ts';
import { completeColor } from './color.ts';
import { integerAt, type JsonObject, numberAt, objectAt, objectsAt, ratioAt, textAt } from './json-access.ts';
import { readLight } from './light.ts';
import { readOrientation } from './orientation.ts';
import { pixelFormatFacts } from './pixel-format.ts';
import { MAX_SIDE_DATA, type ProbeDocument } from './probe-document.ts';

/** Subtitles that hold text; everything else is bitmaps or needs a decoder of its own. */
const TEXT_CODECS = new Set(['subrip', 'srt', 'ass', 'ssa', 'mov_text', 'webvtt', 'text', 'eia_608']);

/** Facts of a probed file. `videoStreams` are the streams behind `video` and `otherVideo`, in that order, `skipped…` what no track was made of. */
export type ProbedFacts = {
  readonly facts: SourceFacts;
  readonly streamCount: number;
  readonly videoStreams: readonly JsonObject[];
  readonly skippedAudio: readonly number[];
  readonly skippedText: readonly { readonly streamIndex: number; readonly codec: string }[];
};

/** Sorts a probed file into tracks. Values that make no sense become defaults; judging them is done elsewhere. */
export function readFacts(document: ProbeDocument): ProbedFacts {
  const ofType = (type: string) => document.streams.filter((stream) => stream.codec_type === type && integerAt(stream, 'index') !== null);
  const videoStreams = filmFirst(ofType('video').filter((stream) => !isStill(stream)));
  const video = videoStreams.map(videoTrack);
  const audio = ofType('audio');
  const text = ofType('subtitle');
  const isUsableText = (stream: JsonObject) => TEXT_CODECS.has(textAt(stream, 'codec_name'));
  return {
    facts: {
      container: textAt(document.format, 'format_name'),
      durationSeconds: Math.max(0, numberAt(document.format, 'duration') ?? 0),
      title: textAt(objectAt(document.format, 'tags'), 'title'),
      video: video[0] ?? null,
      otherVideo: video.slice(1),
      audio: audio.filter(isUsableAudio).map(audioTrack),
      text: text.filter(isUsableText).map(textTrack),
      chapters: document.chapters.flatMap((chapter) => readChapter(chapter) ?? []),
    },
    streamCount: document.streams.length,
    videoStreams,
    skippedAudio: audio.filter((stream) => !isUsableAudio(stream)).map(indexOf),
    skippedText: text.filter((stream) => !isUsableText(stream)).map((stream) => ({ streamIndex: indexOf(stream), codec: textAt(stream, 'codec_name') })),
  };
}

/** Cover art and pictures for seeking are no film. */
function isStill(stream: JsonObject): boolean {
  return ['attached_pic', 'timed_thumbnails', 'still_image'].some((name) => isSet(stream, name));
}

/** Puts the track a player would show first: one that can be decoded, is marked as default, has the largest picture, stands first. */
function filmFirst(streams: readonly JsonObject[]): JsonObject[] {
  const rank = (stream: JsonObject) => {
    const isKnown = textAt(stream, 'codec_name') !== '' && textAt(stream, 'pix_fmt') !== '';
    return [Number(isKnown), Number(isSet(stream, 'default')), sizeAt(stream, 'width') * sizeAt(stream, 'height')];
  };
  const isBetter = (one: JsonObject, best: JsonObject) => {
    const [a, b] = [rank(one), rank(best)];
    const at = a.findIndex((value, i) => value !== b[i]);
    return at >= 0 && a[at] > b[at];
  };
  if (streams.length === 0) return [];
  const film = streams.reduce((best, one) => (isBetter(one, best) ? one : best));
  return [film, ...streams.filter((stream) => stream !== film)];
}

function isUsableAudio(stream: JsonObject): boolean {
  return textAt(stream, 'codec_name') !== '' && (integerAt(stream, 'channels') ?? 0) > 0 && (integerAt(stream, 'sample_rate') ?? 0) > 0;
}

function videoTrack(stream: JsonObject): VideoTrack {
  const pixelFormat = textAt(stream, 'pix_fmt');
  const heightPx = sizeAt(stream, 'height');
  const rate = ratioAt(stream, 'avg_frame_rate');
  const fallback = ratioAt(stream, 'r_frame_rate');
  const fps = rate && rate.num > 0 ? rate : fallback;
  const aspect = ratioAt(stream, 'sample_aspect_ratio');
  const { rotationDegrees, isMirrored } = readOrientation(stream, sideDataOf(stream));
  const raw = {
    primaries: textAt(stream, 'color_primaries'),
    transfer: textAt(stream, 'color_transfer'),
    matrix: textAt(stream, 'color_space'),
    range: textAt(stream, 'color_range'),
  };
  return {
    streamIndex: indexOf(stream),
    codec: textAt(stream, 'codec_name'),
    profile: textAt(stream, 'profile'),
    widthPx: sizeAt(stream, 'width'),
    heightPx,
    pixelFormat,
    bitDepth: pixelFormatFacts(pixelFormat, integerAt(stream, 'bits_per_raw_sample')).bitDepth,
    timeBase: ratioAt(stream, 'time_base') ?? { num: 0, den: 1 },
    changesSize: false,
    sampleAspect: aspect && aspect.num > 0 ? aspect : { num: 1, den: 1 },
    rotationDegrees,
    isMirrored,
    color: completeColor(raw, pixelFormat, heightPx).color,
    light: readLight(sideDataOf(stream)),
    fieldOrder: ['tt', 'bb', 'tb', 'bt'].includes(textAt(stream, 'field_order')) ? 'interlaced' : 'progressive',
    nominalFps: fps ? Number((fps.num / fps.den).toFixed(6)) : 0,
  };
}

function audioTrack(stream: JsonObject): AudioTrack {
  const channels = integerAt(stream, 'channels') ?? 0;
  return {
    streamIndex: indexOf(stream),
    codec: textAt(stream, 'codec_name'),
    channels,
    channelLayout: textAt(stream, 'channel_layout') || (channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels} channels`),
    sampleRate: integerAt(stream, 'sample_rate') ?? 0,
    startSeconds: numberAt(stream, 'start_time') ?? 0,
    ...labels(stream),
    ...withRole(audioRole(stream)),
  };
}

function textTrack(stream: JsonObject): TextTrack {
  return {
    streamIndex: indexOf(stream),
    codec: textAt(stream, 'codec_name'),
    ...labels(stream),
    isForced: isSet(stream, 'forced'),
    ...withRole(textRole(stream)),
  };
}

/** Words that people put into titles of tracks, for files whose container has no place for a role. */
const COMMENTARY = /comment(?:ary|aire|ario)|kommentar/i;
const DESCRIPTION = /audio[\s-]?d[eé]s[ck]ri|described video|descriptive|hörfilm/i;
const CAPTIONS = /\b(?:sdh|cc)\b|closed caption|hard of hearing|hearing.impaired/i;

function audioRole(stream: JsonObject): TrackRole | null {
  const title = labels(stream).title;
  if (isSet(stream, 'visual_impaired') || isSet(stream, 'descriptions')) return 'description';
  if (isSet(stream, 'comment')) return 'commentary';
  if (DESCRIPTION.test(title)) return 'description';
  return COMMENTARY.test(title) ? 'commentary' : null;
}

function textRole(stream: JsonObject): TrackRole | null {
  const title = labels(stream).title;
  if (isSet(stream, 'hearing_impaired') || isSet(stream, 'captions') || textAt(stream, 'codec_name') === 'eia_608') return 'captions';
  if (isSet(stream, 'comment') || COMMENTARY.test(title)) return 'commentary';
  return CAPTIONS.test(title) ? 'captions' : null;
}

function withRole(role: TrackRole | null): { role?: TrackRole } {
  return role === null ? {} : { role };
}

function labels(stream: JsonObject): { language: string; title: string; isDefault: boolean } {
  const tags = objectAt(stream, 'tags');
  const language = textAt(tags, 'language');
  return {
    language: /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/.test(language) ? language : 'und',
    title: textAt(tags, 'title') || textAt(tags, 'name'),
    isDefault: isSet(stream, 'default'),
  };
}

function readChapter(chapter: JsonObject): Chapter | null {
  const startSeconds = numberAt(chapter, 'start_time');
  const endSeconds = numberAt(chapter, 'end_time');
  if (startSeconds === null || endSeconds === null || endSeconds < startSeconds) return null;
  return { startSeconds, endSeconds, title: textAt(objectAt(chapter, 'tags'), 'title') };
}

export function sideDataOf(stream: JsonObject): readonly JsonObject[] {
  return objectsAt(stream, 'side_data_list', MAX_SIDE_DATA);
}

function isSet(stream: JsonObject, disposition: string): boolean {
  return numberAt(objectAt(stream, 'disposition'), disposition) === 1;
}

function indexOf(stream: JsonObject): number {
  return integerAt(stream, 'index') ?? 0;
}

function sizeAt(stream: JsonObject, key: string): number {
  return Math.max(0, integerAt(stream, key) ?? 0);
}
