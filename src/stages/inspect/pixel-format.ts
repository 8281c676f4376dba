export type PixelFormatFacts = {
  readonly bitDepth: number;
  readonly hasAlpha: boolean;
  /** 4:2:0 with 8 bits: nothing is lost on the way to the encoder. */
  readonly isPlain: boolean;
};

const ALPHA = /^(yuva|ya8|ya16|rgba|bgra|argb|abgr|gbrap|ayuv|vuya|rgba64|bgra64|pal8)/;
const PLAIN = new Set(['yuv420p', 'yuvj420p', 'nv12', 'nv21', 'gray']);

/** Reads what an ffmpeg pixel format's name says; `rawBits` is what the codec says, when it does. */
export function pixelFormatFacts(name: string, rawBits: number | null): PixelFormatFacts {
  return { bitDepth: bitDepthOf(name, rawBits), hasAlpha: ALPHA.test(name), isPlain: PLAIN.has(name) };
}

function bitDepthOf(name: string, rawBits: number | null): number {
  const planar = /(?:p|gray|ya|bayer_[a-z]{4})(9|10|12|14|16|32)(?:msb)?(?:le|be)$/.exec(name) ?? /^[pyx](?:0|2|4|v)(10|12|16)(?:le|be)$/.exec(name);
  if (planar) return Number(planar[1]);
  if (/^(x2rgb10|x2bgr10|v30x|xv30)/.test(name)) return 10;
  if (/^(rgb|bgr|rgba|bgra|argb|abgr)(48|64)/.test(name)) return 16;
  return rawBits !== null && rawBits > 8 && rawBits <= 32 && /1[0-6]|9/.test(name) ? rawBits : 8;
}
