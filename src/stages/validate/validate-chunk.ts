import { FileSources } from '../../media/isobmff/byte-source.ts';
import type { EncodedChunk } from '../../model/encoded-chunk.ts';
import type { ErrorCode } from '../../model/error-codes.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { PlannedRung } from '../../model/ladder.ts';
import type { MediaInput } from '../../model/media-input.ts';
import { FED_LIMITS, matchPictures } from '../../model/picture-match.ts';
import { firstOfSegments } from '../../model/quality.ts';
import type { VideoTrack } from '../../model/source.ts';
import type { BlobFacts } from '../../ports/blob-store.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { type ChunkExpectation, checkStructure } from './chunk-structure.ts';
import { decodePrints } from './decode-prints.ts';
import { storePictures } from './evidence.ts';

export type ValidateInput = {
  readonly source: MediaInput;
  readonly video: VideoTrack;
  readonly startFrame: number;
  readonly expected: Omit<ChunkExpectation, 'rung'>;
  /** Places in the chunk of the pictures that are scored; `fedPath` has them as they were fed, or is null where they cannot be. */
  readonly scoredPositions: readonly number[];
  readonly chunks: readonly {
    readonly rung: PlannedRung;
    readonly objectKey: string;
    readonly fingerprintKey: string;
    readonly fedPath: string | null;
    readonly facts: BlobFacts;
  }[];
};

/** A proven chunk, ready to be recorded under its address. */
export type ProvenChunk = Omit<EncodedChunk, 'address' | 'attemptId'> & { readonly rungName: string };

const LIMITS = { stallMs: 120_000, wallMs: 3_600_000 };

/**
 * Distrusts the encoder: decodes every rung of a chunk whole and holds each picture to the one that was fed, and count, times, IDR places
 * and sizes to the plan. On the way some pictures are scored. Throws SL-302 or SL-308 with the first bad frame and both pictures.
 */
export async function validateChunk(input: ValidateInput, ctx: StageContext): Promise<ProvenChunk[]> {
  const frameCount = input.expected.ptsTicks.length;
  const vmafPlaces = ctx.tools.abilities.filters.has('libvmaf') ? firstOfSegments(input.scoredPositions, input.expected.idrPositions) : [];
  const locals = await Promise.all(input.chunks.map((chunk) => ctx.blobs.openLocal(chunk.objectKey)));
  const files = new FileSources();
  try {
    const headers: string[] = [];
    for (const [i, chunk] of input.chunks.entries()) {
      const { headerSha256, fault } = await checkStructure(await files.source(locals[i].path), { ...input.expected, rung: chunk.rung });
      if (fault) throw await refusal({ ...fault, input, chunk, encodedPath: locals[i].path }, ctx);
      headers.push(headerSha256);
    }
    const { prints, qualities, errorLines } = await decodePrints(
      input.chunks.map(({ rung, fedPath }, i) => ({ path: locals[i].path, heightPx: rung.heightPx, fedPath })),
      { frameCount, positions: input.scoredPositions, vmafPlaces },
      LIMITS,
      ctx,
    );
    if (errorLines.length > 0)
      throw new ScenelineError('SL-302', 'The decoder reports errors in an encoded chunk.', { evidence: { stderrTail: errorLines.join('\n') } });
    for (const [i, chunk] of input.chunks.entries()) {
      const fed = await ctx.blobs.read(chunk.fingerprintKey);
      const fault = comparePrints(fed, prints[i]);
      if (fault) throw await refusal({ code: 'SL-302', ...fault, input, chunk, encodedPath: locals[i].path }, ctx);
    }
    return input.chunks.map((chunk, i) => ({
      rungName: chunk.rung.name,
      objectKey: chunk.objectKey,
      sha256: chunk.facts.sha256,
      sizeBytes: chunk.facts.sizeBytes,
      frameCount,
      fingerprintKey: chunk.fingerprintKey,
      headerSha256: headers[i],
      ...(qualities[i] && { quality: qualities[i] }),
    }));
  } finally {
    await files.close();
    await Promise.all(locals.map((local) => local.release()));
  }
}

function comparePrints(fed: Uint8Array, seen: Uint8Array): { message: string; position: number } | null {
  if (fed.byteLength !== seen.byteLength) return { message: `${seen.byteLength / 576} frames decoded instead of ${fed.byteLength / 576}`, position: 0 };
  const [first] = matchPictures(fed, seen, FED_LIMITS).faults;
  return first ? { message: first.reason, position: first.position } : null;
}

async function refusal(
  fault: { code: ErrorCode; message: string; position: number; input: ValidateInput; chunk: ValidateInput['chunks'][number]; encodedPath: string },
  ctx: StageContext,
): Promise<ScenelineError> {
  const { input, position } = fault;
  const frame = input.startFrame + position;
  const objectKeys = await storePictures(
    {
      source: input.source,
      streamIndex: input.video.streamIndex,
      timeBase: input.expected.timeBase,
      sourcePtsTicks: input.expected.ptsTicks[position],
      encodedPath: fault.encodedPath,
      position,
    },
    ctx,
  );
  return new ScenelineError(fault.code, `Rung ${fault.chunk.rung.name}, frame ${frame} of the title: ${fault.message}.`, {
    evidence: { firstBadFrame: frame, objectKeys: [...objectKeys, fault.chunk.objectKey] },
  });
}
