/**
 * Demuxers that a source may need. Everything that names further files (playlists, concat lists, image sequences, SDP)
 * is left out on purpose: ffmpeg would open what the delivered file tells it to.
 */
const ALLOWED_FORMATS = [
  'mov,matroska,mpegts,mpeg,mpegvideo,mxf,avi,flv,asf,ogg,gxf,dv,nut,wtv',
  'h264,hevc,vvc,m4v,obu,av1,ivf,vc1,vc1test,dnxhd,dirac,yuv4mpegpipe',
  'mp3,aac,flac,wav,w64,aiff,caf,ac3,eac3,dts,truehd',
].join(',');

/** Options that stand before every untrusted input: local files only, known containers only. */
export function guardedInput(sourcePath: string): readonly string[] {
  return ['-protocol_whitelist', 'file', '-format_whitelist', ALLOWED_FORMATS, '-i', `file:${sourcePath}`];
}

/** How long a media tool may be silent, and how long it may take in all. */
export type ToolLimits = { readonly stallMs: number; readonly wallMs: number };

export const PROBE_LIMITS: ToolLimits = { stallMs: 120_000, wallMs: 600_000 };
/** Listing packets reads the whole file; how fast is the disk's matter. */
export const LISTING_LIMITS: ToolLimits = { stallMs: 300_000, wallMs: 24 * 3_600_000 };
export const DECODING_LIMITS: ToolLimits = { stallMs: 300_000, wallMs: 24 * 3_600_000 };
