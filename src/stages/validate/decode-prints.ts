import { ScenelineError } from '../../model/errors.ts';
import { fingerprintFilters } from '../../model/fingerprint.ts';
import { PICTURE_BYTES } from '../../model/frame-index.ts';
import type { StageContext } from '../../ports/stage-context.ts';

const FIRST_FREE_DESCRIPTOR = 3;

/**
 * Decodes every frame of each file, all in one process, to its 32×18 luma picture. Only pictures that no other one refers to go without the
 * deblocking filter: nothing drifts, and the pictures' means stay.
 */
function decodePrintsArguments(files: readonly CodedFile[], ffmpegMajor: number): string[] {
  const inputs = files.flatMap(({ path }) => ['-protocol_whitelist', 'file,pipe', '-noautorotate', '-threads', '1', '-skip_loop_filter', 'noref', '-i', path]);
  const timeBase = ['-enc_time_base', ffmpegMajor >= 9 ? 'demux' : '-1'];
  const outputs = files.flatMap(({ heightPx }, i) => [
    ...['-map', `${i}:v:0`, '-fps_mode', 'passthrough', ...timeBase, '-vf', fingerprintFilters(heightPx).join(',')],
    ...['-c:v', 'rawvideo', '-f', 'rawvideo', `pipe:${FIRST_FREE_DESCRIPTOR + i}`],
  ]);
  return ['-filter_threads', '1', ...inputs, ...outputs];
}

/** A file with one picture track, and the height of its pictures. */
export type CodedFile = { readonly path: string; readonly heightPx: number };

export type DecodedPrints = { readonly prints: readonly Uint8Array[]; readonly errorLines: readonly string[] };

/**
 * Pictures of whole files, concatenated. Memory: 576 bytes a frame, so this is for chunks, not for films.
 * @param frameCount frames each file should have; what goes beyond twice that is refused, not held
 */
export async function decodePrints(
  files: readonly CodedFile[],
  frameCount: number,
  limits: { stallMs: number; wallMs: number },
  ctx: StageContext,
): Promise<DecodedPrints> {
  const parts: Uint8Array[][] = files.map(() => []);
  const sizes = files.map(() => 0);
  const outputs = Object.fromEntries(
    files.map((_, i) => [
      FIRST_FREE_DESCRIPTOR + i,
      (bytes: Uint8Array) => {
        sizes[i] += bytes.byteLength;
        if (sizes[i] > 2 * (frameCount + 1) * PICTURE_BYTES)
          throw new ScenelineError('SL-302', `More than twice ${frameCount} frames came out of one encoded chunk.`);
        parts[i].push(Uint8Array.from(bytes));
      },
    ]),
  );
  const run = await ctx.tools.run({
    tool: 'ffmpeg',
    args: decodePrintsArguments(files, ctx.tools.abilities.major),
    outputs,
    cwd: ctx.scratchDir,
    limits,
    signal: ctx.signal,
  });
  ctx.spend('validate', run.cpuSeconds);
  return { prints: parts.map((list) => Buffer.concat(list)), errorLines: run.errorLines };
}
