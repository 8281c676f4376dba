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
 * is left out on purpose: ffmpeg would open what the delivered file tells it to. `jpeg_pipe`, as which raw MJPEG mostly is known, has of
 * the image sequences (libavformat img2dec.c) only the parser: it reads the one file that is open and takes its name for no pattern.
 */
const ALLOWED_FORMATS = [
  'mov,matroska,mpegts,mpeg,mpegvideo,mxf,avi,flv,asf,ogg,gxf,dv,nut,wtv',
  'h264,hevc,vvc,m4v,obu,av1,ivf,vc1,vc1test,dnxhd,dirac,mjpeg,jpeg_pipe,yuv4mpegpipe',
  'mp3,aac,flac,wav,w64,aiff,caf,ac3,eac3,dts,truehd',
  'srt,ass,webvtt',
].join(',');

/**
 * Decoders that a film may need, by ffmpeg's names; those of libraries stand beside its own. What is rare in films and common in attacks
 * (screen codecs, game formats, still pictures of many kinds) is left out.
 */
const ALLOWED_DECODERS = [
  'h264,hevc,vvc,libvvdec,av1,libdav1d,libaom-av1,vp8,vp9,libvpx,libvpx-vp9,vp6,vp6f,vp6a,theora,dirac,snow,cavs,evc',
  'mpeg1video,mpeg2video,mpegvideo,mpeg4,msmpeg4,msmpeg4v1,msmpeg4v2,h261,h263,h263p,h263i,flv,wmv1,wmv2,wmv3,vc1,vc1image,wmv3image',
  'prores,prores_raw,dnxhd,cfhd,dvvideo,jpeg2000,libopenjpeg,mjpeg,mjpegb,jpegls,png,qtrle,svq1,svq3,rpza,cinepak,indeo3,indeo4,indeo5',
  'rawvideo,v210,v210x,v308,v408,v410,yuv4,ayuv,y41p,r210,r10k,avrp,avui,ffv1,ffvhuff,huffyuv,utvideo,magicyuv,lagarith,hap,notchlc,speedhq,hq_hqa,hqx',
  'aac,aac_latm,libfdk_aac,mp1,mp1float,mp2,mp2float,mp3,mp3float,ac3,eac3,dca,truehd,mlp,opus,libopus,vorbis,libvorbis,flac,alac,wavpack,tta,speex,libspeex',
  'wmav1,wmav2,wmapro,wmalossless,amrnb,amrwb,gsm,gsm_ms,qdm2,mace3,mace6,s302m,dolby_e,nellymoser',
  'adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_swf,adpcm_yamaha,g722,g726,g726le,pcm_alaw,pcm_mulaw,pcm_bluray,pcm_dvd,pcm_lxf,pcm_s8,pcm_u8,pcm_s8_planar',
  'pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_u16le,pcm_u16be,pcm_u24le,pcm_u24be,pcm_u32le,pcm_u32be,pcm_s64le,pcm_s64be',
  'pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_s16le_planar,pcm_s16be_planar,pcm_s24le_planar,pcm_s32le_planar,pcm_s24daud',
  'subrip,srt,ass,ssa,mov_text,webvtt,text,cc_dec,dvbsub,dvdsub,pgssub,xsub,libzvbi_teletextdec',
].join(',');

/** Pictures may be as large as 8192×8192: 8K and no more. */
export const MOST_PIXELS = 8192 * 8192;

/** A file of this machine. The prefix keeps a name from being read as an option or another protocol. */
export function fileInput(path: string): MediaInput {
  return { url: `file:${path}`, protocols: ['file'], options: [] };
}

/** Arguments that make a media tool read an input and open nothing else for it. */
export function inputArguments({ url, protocols, options }: MediaInput): string[] {
  return ['-protocol_whitelist', protocols.join(','), ...options, '-i', url];
}

/** The same for a source, which is somebody else's file: known containers and decoders only, and no pictures that fill the memory. */
export function sourceArguments(source: MediaInput): string[] {
  const lists = ['-format_whitelist', ALLOWED_FORMATS, '-codec_whitelist', ALLOWED_DECODERS, '-max_pixels', String(MOST_PIXELS)];
  return [...lists, ...inputArguments(source)];
}
