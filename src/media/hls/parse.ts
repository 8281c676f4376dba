import type { FileRange } from '../cmaf/file-range.ts';
import { parseAttributes } from './attributes.ts';

export type PlaylistSegment = { readonly uri: string; readonly durationSeconds: number; readonly range: FileRange | null };

export type MediaPlaylist = {
  readonly version: number;
  readonly targetSeconds: number;
  /** Type VOD and closed by EXT-X-ENDLIST. */
  readonly isComplete: boolean;
  readonly map: { readonly uri: string; readonly range: FileRange | null } | null;
  readonly segments: readonly PlaylistSegment[];
};

export type MultivariantPlaylist = {
  readonly variants: readonly { readonly uri: string; readonly attributes: ReadonlyMap<string, string> }[];
  /** EXT-X-MEDIA tags. */
  readonly media: readonly ReadonlyMap<string, string>[];
};

const MAX_CHARACTERS = 32 * 1024 * 1024;

/** Reads a media playlist of the kind that Sceneline writes (RFC 8216). Throws RangeError when it is none. */
export function parseMediaPlaylist(text: string): MediaPlaylist {
  const segments: PlaylistSegment[] = [];
  let pending: { durationSeconds?: number; range?: string } = {};
  let map: MediaPlaylist['map'] = null;
  const facts = { version: 1, targetSeconds: 0, isVod: false, isEnded: false };
  for (const { tag, value } of playlistLines(text)) {
    if (tag === 'URI') {
      if (pending.durationSeconds === undefined) throw new RangeError('HLS: a segment has no EXTINF');
      const range = pending.range === undefined ? null : byteRange(pending.range, segments.at(-1) ?? null, value);
      segments.push({ uri: value, durationSeconds: pending.durationSeconds, range });
      pending = {};
    } else if (tag === 'EXTINF') pending.durationSeconds = decimal(value.split(',', 1)[0]);
    else if (tag === 'EXT-X-BYTERANGE') pending.range = value;
    else if (tag === 'EXT-X-MAP') {
      if (map) throw new RangeError('HLS: more than one EXT-X-MAP');
      map = readMap(value);
    } else if (tag === 'EXT-X-VERSION') facts.version = whole(value);
    else if (tag === 'EXT-X-TARGETDURATION') facts.targetSeconds = whole(value);
    else if (tag === 'EXT-X-PLAYLIST-TYPE') facts.isVod = value === 'VOD';
    else if (tag === 'EXT-X-ENDLIST') facts.isEnded = true;
    else if (tag === 'EXT-X-STREAM-INF') throw new RangeError('HLS: this is a multivariant playlist');
  }
  if (facts.targetSeconds === 0) throw new RangeError('HLS: no EXT-X-TARGETDURATION');
  const { version, targetSeconds, isVod, isEnded } = facts;
  return { version, targetSeconds, isComplete: isVod && isEnded, map, segments };
}

/** Reads a multivariant playlist. Throws RangeError when it is none. */
export function parseMultivariant(text: string): MultivariantPlaylist {
  const variants: MultivariantPlaylist['variants'][number][] = [];
  const media: Map<string, string>[] = [];
  let stream: Map<string, string> | null = null;
  for (const { tag, value } of playlistLines(text)) {
    if (tag === 'URI') {
      if (!stream) throw new RangeError('HLS: a variant has no EXT-X-STREAM-INF');
      variants.push({ uri: value, attributes: stream });
      stream = null;
    } else if (tag === 'EXT-X-STREAM-INF') stream = parseAttributes(value);
    else if (tag === 'EXT-X-MEDIA') media.push(parseAttributes(value));
    else if (tag === 'EXTINF') throw new RangeError('HLS: this is a media playlist');
  }
  if (variants.length === 0) throw new RangeError('HLS: no variants');
  return { variants, media };
}

/** Tags with their values, and addresses as tag `URI`; comments and empty lines are left out. */
function* playlistLines(text: string): Generator<{ tag: string; value: string }> {
  if (text.length > MAX_CHARACTERS) throw new RangeError('HLS: playlist is too large');
  const [first, ...lines] = text.split(/\r?\n/);
  if (first !== '#EXTM3U') throw new RangeError('HLS: no #EXTM3U');
  for (const line of lines) {
    if (line === '' || (line.startsWith('#') && !line.startsWith('#EXT'))) continue;
    if (!line.startsWith('#')) yield { tag: 'URI', value: line };
    else {
      const colon = line.indexOf(':');
      yield colon < 0 ? { tag: line.slice(1), value: '' } : { tag: line.slice(1, colon), value: line.slice(colon + 1) };
    }
  }
}

function readMap(value: string): MediaPlaylist['map'] {
  const attributes = parseAttributes(value);
  const uri = attributes.get('URI');
  if (uri === undefined) throw new RangeError('HLS: EXT-X-MAP has no URI');
  const range = attributes.get('BYTERANGE');
  return { uri, range: range === undefined ? null : byteRange(range, null, uri) };
}

/** `length[@offset]`; without an offset it goes on where the one before ended, in the same file (section 4.3.2.2). */
function byteRange(value: string, before: PlaylistSegment | null, uri: string): FileRange {
  const match = /^(\d{1,15})(?:@(\d{1,15}))?$/.exec(value);
  if (!match) throw new RangeError(`HLS: byte range not understood: ${JSON.stringify(value.slice(0, 60))}`);
  const follows = before?.uri === uri ? before.range : null;
  if (match[2] === undefined && !follows) throw new RangeError('HLS: a byte range has no offset');
  const start = match[2] === undefined ? follows!.endExclusive : Number(match[2]);
  return { start, endExclusive: start + Number(match[1]) };
}

function decimal(text: string): number {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text)) throw new RangeError(`HLS: ${JSON.stringify(text.slice(0, 60))} is not a length`);
  return Number(text);
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`HLS: ${JSON.stringify(text.slice(0, 60))} is not a whole number`);
  return Number(text);
}
