import { ScenelineError } from '../../model/errors.ts';
import { fingerprintFilters } from '../../model/fingerprint.ts';
import { PICTURE_BYTES } from '../../model/frame-index.ts';
import { BYTES_TOGETHER } from '../../model/media-output.ts';
import type { ChunkQuality } from '../../model/quality.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { readScores, type Scored, scoreArguments } from './score-pictures.ts';

const FIRST_FREE_DESCRIPTOR = 3;
/** A picture an hour: behind a complex graph the output's clock ticks at the average pace, and pictures closer than that would be told as errors. */
const BY_NUMBER = 'settb=1,setpts=3600*N';

/** A file with one picture track, the height of its pictures, and a file with some of its pictures as they were fed to the encoder, if it is to be scored. */
export type CodedFile = { readonly path: string; readonly heightPx: number; readonly fedPath: string | null };

/**
 * Decodes every frame of each file, all in one process, to its 32×18 luma picture, and scores some of them: as a player shows them, so with every deblocking filter.
 */
function decodeArguments(files: readonly CodedFile[], scored: readonly Scored[]): string[] {
  const own = ['-protocol_whitelist', 'file,pipe', '-threads', '1'];
  const inputs = files.flatMap(({ path }) => [...own, '-noautorotate', '-i', path]);
  const fed = scored.flatMap(({ fedPath }) => [...own, '-f', 'nut', '-i', fedPath]);
  const scores = new Map(scored.map((one) => [one.index, scoreArguments(one)]));
  const graphs = files.flatMap(({ heightPx }, i) => {
    const split = scores.has(i) ? `split=2[all${i}][made${i}];[all${i}]` : '';
    const prints = `[${i}:v:0]${split}${[...fingerprintFilters(heightPx), BY_NUMBER].join(',')}[print${i}]`;
    return ['-filter_complex', [prints, ...(scores.get(i)?.graph ?? [])].join(';')];
  });
  const outputs = files.flatMap((_, i) => [
    ...['-map', `[print${i}]`, '-fps_mode', 'passthrough'],
    ...['-c:v', 'rawvideo', '-f', 'rawvideo', ...BYTES_TOGETHER, `pipe:${FIRST_FREE_DESCRIPTOR + i}`],
  ]);
  return ['-filter_complex_threads', '1', ...inputs, ...fed, ...graphs, ...outputs, ...[...scores.values()].flatMap((score) => score.outputs)];
}

export type DecodedPrints = {
  readonly prints: readonly Uint8Array[];
  /** Of each file; null where none could be made. */
  readonly qualities: readonly (ChunkQuality | null)[];
  readonly errorLines: readonly string[];
};

/**
 * Pictures of whole files, concatenated, and scores. Memory: 576 bytes a frame, so this is for chunks, not for films.
 * @param frameCount frames each file should have; what goes beyond twice that is refused, not held
 */
export async function decodePrints(
  files: readonly CodedFile[],
  { frameCount, positions, vmafPlaces }: { readonly frameCount: number } & Pick<Scored, 'positions' | 'vmafPlaces'>,
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
  const scored = files
    .flatMap(({ fedPath }, index) => (fedPath === null ? [] : [{ index, positions, vmafPlaces, fedPath }]))
    .map((one, i): Scored => ({ ...one, fedInput: files.length + i }));
  const run = await ctx.tools.run({
    tool: 'ffmpeg',
    args: decodeArguments(files, scored),
    cwd: ctx.scratchDir,
    outputs,
    limits,
    signal: ctx.signal,
  });
  ctx.spend('validate', run.cpuSeconds);
  const qualities: (ChunkQuality | null)[] = files.map(() => null);
  for (const one of scored) qualities[one.index] = await readScores(one, ctx.scratchDir);
  return { prints: parts.map((list) => Buffer.concat(list)), qualities, errorLines: run.errorLines };
}
