import type { TextRendition } from '../cmaf/presentation.ts';
import { playlistLengthsUs } from '../cmaf/rates.ts';
import type { CmafTrack } from '../cmaf/track.ts';
import { quoted, tagLine } from './attributes.ts';

/** Version 7: EXT-X-MAP outside I-frame playlists needs 6; 7 is what players of fragmented MP4 expect. */
export const HLS_VERSION = 7;

/** Name of the playlist of a track or text rendition. */
export function playlistFile(member: { readonly name: string }): string {
  return `${member.name}.m3u8`;
}

/** Media playlist of a single-file track: one byte range per segment (RFC 8216 section 4.3.2). */
export function writeMediaPlaylist(track: CmafTrack, targetSeconds: number): string {
  const { start, endExclusive } = track.initRange;
  const map = tagLine('EXT-X-MAP', [
    ['URI', quoted(track.file)],
    ['BYTERANGE', quoted(`${endExclusive - start}@${start}`)],
  ]);
  const lines = [...header(targetSeconds), '#EXT-X-INDEPENDENT-SEGMENTS', map];
  const lengthsUs = playlistLengthsUs(track);
  for (const [i, { sizeBytes, offsetBytes }] of track.segments.entries()) {
    lines.push(`#EXTINF:${seconds(lengthsUs[i])},`, `#EXT-X-BYTERANGE:${sizeBytes}@${offsetBytes}`, track.file);
  }
  return `${lines.join('\n')}\n#EXT-X-ENDLIST\n`;
}

/** Media playlist of a WebVTT file: one segment as long as the title. Its cue times are the title's own, so it needs no X-TIMESTAMP-MAP (section 3.5). */
export function writeTextPlaylist(text: TextRendition, titleSeconds: number): string {
  const lengthUs = Math.ceil(titleSeconds * 1_000_000);
  const lines = [...header(Math.max(1, Math.round(lengthUs / 1_000_000))), `#EXTINF:${seconds(lengthUs)},`, text.file, '#EXT-X-ENDLIST'];
  return `${lines.join('\n')}\n`;
}

function header(targetSeconds: number): string[] {
  return ['#EXTM3U', `#EXT-X-VERSION:${HLS_VERSION}`, `#EXT-X-TARGETDURATION:${targetSeconds}`, '#EXT-X-MEDIA-SEQUENCE:0', '#EXT-X-PLAYLIST-TYPE:VOD'];
}

function seconds(microseconds: number): string {
  return (microseconds / 1_000_000).toFixed(6);
}
