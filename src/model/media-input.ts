/** What a media tool reads: an address that the tool understands, and all that it may open for it. */
export type MediaInput = {
  readonly url: string;
  /** Protocols of the tool that the address needs, and no others. */
  readonly protocols: readonly string[];
  /** Further options that the address needs. */
  readonly options: readonly string[];
};

/**
 * Demuxers that a source may need. Everything that names further files (playlists, concat lists, image sequences, SDP)
 * is left out on purpose: ffmpeg would open what the delivered file tells it to.
 */
const ALLOWED_FORMATS = [
  'mov,matroska,mpegts,mpeg,mpegvideo,mxf,avi,flv,asf,ogg,gxf,dv,nut,wtv',
  'h264,hevc,vvc,m4v,obu,av1,ivf,vc1,vc1test,dnxhd,dirac,yuv4mpegpipe',
  'mp3,aac,flac,wav,w64,aiff,caf,ac3,eac3,dts,truehd',
].join(',');

/** A file of this machine. The prefix keeps a name from being read as an option or another protocol. */
export function fileInput(path: string): MediaInput {
  return { url: `file:${path}`, protocols: ['file'], options: [] };
}

/** Arguments that make a media tool read an input and open nothing else for it. */
export function inputArguments({ url, protocols, options }: MediaInput): string[] {
  return ['-protocol_whitelist', protocols.join(','), ...options, '-i', url];
}

/** The same for a source, which is somebody else's file: known containers only. */
export function sourceArguments(source: MediaInput): string[] {
  return ['-format_whitelist', ALLOWED_FORMATS, ...inputArguments(source)];
}
