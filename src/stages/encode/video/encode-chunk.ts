import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ScenelineError } from '../../../model/errors.ts';
import { PICTURE_BYTES } from '../../../model/frame-index.ts';
import type { Evidence } from '../../../model/job.ts';
import type { PlannedRung } from '../../../model/ladder.ts';
import type { MediaInput } from '../../../model/media-input.ts';
import type { VideoTrack } from '../../../model/source.ts';
import type { BlobFacts } from '../../../ports/blob-store.ts';
import type { StageContext } from '../../../ports/stage-context.ts';
import { type Entry, encodeArguments, type RungOutput, type Stretch } from './command.ts';
import { DecodedFrameCheck, type ExpectedFrame, type FirstDifference } from './decoded-frames.ts';
import { limitsFor } from './limits.ts';

export type EncodeInput = {
  readonly source: MediaInput;
  readonly video: VideoTrack;
  /** Number in the title of the first of `frames`. */
  readonly firstFrame: number;
  readonly stretch: Stretch;
  /** What is decoded, as the index has it: the chunk's frames and the neighbours that filters read. */
  readonly frames: readonly ExpectedFrame[];
  /** Where to enter the source: the best place first, the safest last. */
  readonly entries: readonly Entry[];
  readonly fps: number;
  readonly rungs: readonly PlannedRung[];
  /** Places in the chunk of the pictures to keep as they were fed, for scoring; none: none are kept. */
  readonly keptPositions: readonly number[];
  readonly measuredSecondsPerMegapixel: number | null;
};

/** An encoded chunk that nobody has proven yet. */
export type UnprovenChunk = {
  readonly rung: PlannedRung;
  readonly objectKey: string;
  readonly fingerprintKey: string;
  /** The kept pictures at this rung, raw, in the attempt's folder; null where not all of them came: they are for measuring, and not worth a chunk. */
  readonly fedPath: string | null;
  readonly facts: BlobFacts;
};

export type EncodeOutcome = {
  readonly chunks: readonly UnprovenChunk[];
  readonly secondsPerMegapixel: number;
  /** The process that made them, for the evidence should they turn out bad. */
  readonly madeBy: Required<Pick<Evidence, 'command' | 'exitStatus' | 'stderrTail'>>;
};

const STDERR_TAIL = 8 * 1024;

/**
 * Encodes one chunk at all rungs given, in one process that decodes once, and stores the results under this attempt's keys.
 * The decoded frames are held to the index as they come; when the decoder delivers others, the source is entered further ahead. From its beginning damaged pictures are
 * taken as they decode: half a picture shows what was left in the decoder's memory, and that is not the same in two processes.
 * Throws SL-303 when no entry delivers the right frames, SL-301 when the tool fails.
 */
export async function encodeChunk(input: EncodeInput, ctx: StageContext): Promise<EncodeOutcome> {
  const outputs: RungOutput[] = input.rungs.map((rung) => ({
    rung,
    videoPath: join(ctx.scratchDir, `${rung.name}.mp4`),
    fingerprintPath: join(ctx.scratchDir, `${rung.name}.luma`),
    fedPath: join(ctx.scratchDir, `${rung.name}.nut`),
  }));
  for (const [i, entry] of input.entries.entries()) {
    const { difference, madeBy, secondsPerMegapixel } = await runOnce(input, outputs, entry, ctx);
    if (difference === null) return { chunks: await store(outputs, input, ctx), secondsPerMegapixel, madeBy };
    if (i === input.entries.length - 1) throw wrongFrames(input.firstFrame, difference, madeBy);
  }
  throw new RangeError('a chunk without a place to enter the source');
}

function wrongFrames(firstFrame: number, { position, reason }: FirstDifference, madeBy: EncodeOutcome['madeBy']): ScenelineError {
  const firstBadFrame = firstFrame + position;
  const message = `What was decoded for a chunk are not the frames of the index: frame ${firstBadFrame} of the title, ${reason}.`;
  return new ScenelineError('SL-303', message, { evidence: { ...madeBy, firstBadFrame } });
}

async function runOnce(input: EncodeInput, outputs: readonly RungOutput[], entry: Entry, ctx: StageContext) {
  const check = new DecodedFrameCheck(input.frames, entry === null);
  const stop = new AbortController();
  const args = encodeArguments({
    source: input.source,
    video: input.video,
    stretch: input.stretch,
    entry,
    fps: input.fps,
    outputs,
    keptPositions: input.keptPositions,
    ffmpegMajor: ctx.tools.abilities.major,
  });
  const megapixels = input.rungs.reduce((sum, rung) => sum + (rung.widthPx * rung.heightPx) / 1e6, 0);
  try {
    const run = await ctx.tools.run({
      tool: 'ffmpeg',
      args,
      cwd: ctx.scratchDir,
      outputs: {
        1: (bytes) => {
          if (!check.push(bytes)) stop.abort();
        },
      },
      limits: limitsFor(input.frames.length, megapixels, input.measuredSecondsPerMegapixel),
      onFrames: ctx.onFrames,
      signal: AbortSignal.any([ctx.signal, stop.signal]),
    });
    ctx.spend('encode', run.cpuSeconds);
    const madeBy = { command: run.command, exitStatus: 'exit 0', stderrTail: run.log.slice(-STDERR_TAIL) };
    return { difference: check.finish(), madeBy, secondsPerMegapixel: run.wallSeconds / (input.frames.length * megapixels) };
  } catch (error) {
    if (!stop.signal.aborted || ctx.signal.aborted) throw error;
    const madeBy = { command: [ctx.tools.abilities.ffmpegPath, ...args], exitStatus: 'stopped at the first wrong frame', stderrTail: '' };
    return { difference: check.finish(), madeBy, secondsPerMegapixel: 0 };
  }
}

async function store(outputs: readonly RungOutput[], { stretch, keptPositions }: EncodeInput, ctx: StageContext): Promise<UnprovenChunk[]> {
  const frameCount = stretch.ptsTicks.length;
  const chunks: UnprovenChunk[] = [];
  for (const output of outputs) {
    const objectKey = `attempts/${ctx.attemptId}/${output.rung.name}.mp4`;
    const fingerprintKey = `attempts/${ctx.attemptId}/${output.rung.name}.luma`;
    const prints = await ctx.blobs.putFile(fingerprintKey, output.fingerprintPath);
    if (prints.sizeBytes !== frameCount * PICTURE_BYTES) {
      throw new ScenelineError(
        'SL-301',
        `The encoder was fed ${prints.sizeBytes / PICTURE_BYTES} pictures instead of ${frameCount} at rung ${output.rung.name}.`,
        { evidence: {} },
      );
    }
    const fedPath = keptPositions.length > 0 && (await isWhole(output, keptPositions.length)) ? output.fedPath : null;
    chunks.push({ rung: output.rung, objectKey, fingerprintKey, fedPath, facts: await ctx.blobs.putFile(objectKey, output.videoPath) });
  }
  return chunks;
}

/** Whether the file of kept pictures has room for so many, of 8-bit 4:2:0 at the least. */
async function isWhole({ rung, fedPath }: RungOutput, pictures: number): Promise<boolean> {
  return (await stat(fedPath)).size >= pictures * rung.widthPx * rung.heightPx * 1.5;
}
