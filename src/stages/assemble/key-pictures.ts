import { fingerprintFilters } from '../../model/fingerprint.ts';
import { PICTURE_BYTES } from '../../model/frame-index.ts';
import type { StageContext } from '../../ports/stage-context.ts';

const LIMITS = { stallMs: 120_000, wallMs: 3_600_000 };

/**
 * Packets that were read to find out about the file are not discarded, and not every decoder (dav1d) skips pictures: what comes out is chosen once more.
 * Times are counted: of an MP4 file of which samples are discarded, ffmpeg gives the key pictures other samples' composition offsets (5.1), so two close together may run backwards.
 */
const KEY_PICTURES = 'select=key,setpts=N';

/** Decodes the sync samples of a file, and nothing else, to 32×18 luma pictures on standard output. */
function keyPicturesArguments(path: string, heightPx: number, ffmpegMajor: number): string[] {
  const input = [
    '-filter_threads',
    '1',
    '-protocol_whitelist',
    'file,pipe',
    '-noautorotate',
    '-threads',
    '1',
    '-discard:v',
    'nokey',
    '-skip_frame',
    'nokey',
    '-i',
    path,
  ];
  const timeBase = ['-enc_time_base', ffmpegMajor >= 9 ? 'demux' : '-1'];
  return [
    ...input,
    '-map',
    '0:v:0',
    '-fps_mode',
    'passthrough',
    ...timeBase,
    '-vf',
    [KEY_PICTURES, ...fingerprintFilters(heightPx)].join(','),
    '-c:v',
    'rawvideo',
    '-f',
    'rawvideo',
    'pipe:1',
  ];
}

/** Gives every key picture of a file whose pictures are that high to `onPicture`, in order; the decoder waits for it. Returns the decoder's complaints. */
export async function decodeKeyPictures(
  { path, heightPx }: { readonly path: string; readonly heightPx: number },
  onPicture: (picture: Uint8Array, index: number) => Promise<void>,
  ctx: StageContext,
): Promise<readonly string[]> {
  const picture = new Uint8Array(PICTURE_BYTES);
  let filled = 0;
  let index = 0;
  const accept = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.byteLength; ) {
      const count = Math.min(PICTURE_BYTES - filled, bytes.byteLength - at);
      picture.set(bytes.subarray(at, at + count), filled);
      at += count;
      filled = (filled + count) % PICTURE_BYTES;
      if (filled === 0) await onPicture(picture, index++);
    }
  };
  const { major } = ctx.tools.abilities;
  const run = await ctx.tools.run({
    tool: 'ffmpeg',
    args: keyPicturesArguments(path, heightPx, major),
    outputs: { 1: accept },
    cwd: ctx.scratchDir,
    limits: LIMITS,
    signal: ctx.signal,
  });
  ctx.spend('validate', run.cpuSeconds);
  return run.errorLines;
}
