import type { EncodedChunk } from '../../model/encoded-chunk.ts';
import { ScenelineError } from '../../model/errors.ts';
import { decodeIndexRecords, type IndexRecord, indexRange, PICTURE_BYTES } from '../../model/frame-index.ts';
import { type Inspection, inspectionKeys } from '../../model/inspection.ts';
import type { Job, JobResult } from '../../model/job.ts';
import type { PlannedRung } from '../../model/ladder.ts';
import type { MediaInput } from '../../model/media-input.ts';
import { resemblesMaster } from '../../model/picture-match.ts';
import type { Chunk, Plan } from '../../model/plan.ts';
import { scoredPositions } from '../../model/quality.ts';
import type { VideoTrack } from '../../model/source.ts';
import type { Title } from '../../model/title.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { contentAddress } from '../../stages/encode/video/address.ts';
import type { Entry, Stretch, Surroundings } from '../../stages/encode/video/command.ts';
import { type EncodeOutcome, encodeChunk } from '../../stages/encode/video/encode-chunk.ts';
import { neighbourCount } from '../../stages/encode/video/normalise.ts';
import { validateChunk } from '../../stages/validate/validate-chunk.ts';
import type { JobContext } from '../worker.ts';
import { type HandlerDeps, LOCAL_OWNER, type TitleFiles, titleOf, withSource, withStage } from './deps.ts';

/** Average pictures per second of the title; only for encoder levels. */
function averageFps(plan: Plan): number {
  return (plan.frameCount * plan.timeBase.den) / ((plan.endPtsTicks - plan.firstPtsTicks) * plan.timeBase.num);
}

/**
 * The encode step with its proof: finds what is already proven, encodes the missing rungs of one chunk in one process, validates them and records them.
 * Only then do they exist for anybody.
 */
export function encodeHandler(deps: HandlerDeps, titleFiles: (title: Title) => Promise<TitleFiles>) {
  let secondsPerMegapixel: number | null = null;
  return async (job: Job, context: JobContext): Promise<JobResult> => {
    const title = await titleOf(deps, job);
    const { plan, inspection } = await titleFiles(title);
    const work = await chunkWork(deps, title, plan, inspection, job);
    const addresses: Record<string, string> = {};
    const missing: PlannedRung[] = [];
    for (const rung of work.rungs) {
      addresses[rung.name] = contentAddress({ ...work, rung, frameHashes: work.read.map((record) => record.hash), encoderBuild: title.order.encoderBuild });
      if (!(await findProven(deps, addresses[rung.name], work.records))) missing.push(rung);
    }
    const frames = work.chunk.endFrameExclusive - work.chunk.startFrame;
    if (missing.length === 0) return { addresses, framesEncoded: 0, framesReused: frames };
    const encodeMissing = async (source: MediaInput, ctx: StageContext) => {
      const positions = ctx.tools.abilities.filters.has('ssim') ? scoredPositions(work.stretch) : [];
      const entries = await readEntries(deps, inspection, work.firstRead);
      const encoded = await encodeChunk(
        {
          source,
          ...work,
          firstFrame: work.firstRead,
          frames: work.read.map((record, i) => ({ ...record, isDamaged: isDamaged(inspection, work.firstRead + i) })),
          entries,
          rungs: missing,
          keptPositions: positions,
          measuredSecondsPerMegapixel: secondsPerMegapixel,
        },
        ctx,
      );
      secondsPerMegapixel = Math.max(secondsPerMegapixel ?? 0, encoded.secondsPerMegapixel);
      const proven = await validateChunk(
        { source, video: work.video, startFrame: work.chunk.startFrame, expected: work.stretch, scoredPositions: positions, chunks: encoded.chunks },
        ctx,
      ).catch((error: unknown) => {
        throw withMaker(error, encoded.madeBy);
      });
      for (const chunk of proven) await deps.results.record(LOCAL_OWNER, { ...chunk, address: addresses[chunk.rungName], attemptId: ctx.attemptId });
    };
    await withSource(deps, title.order.seal, context, (source, job) => withStage(deps, job, (ctx) => encodeMissing(source, ctx)));
    return { addresses, framesEncoded: frames, framesReused: 0 };
  };
}

/** Inspections of older versions do not say. */
function isDamaged({ damaged = [] }: Partial<Pick<Inspection, 'damaged'>>, frame: number): boolean {
  return damaged.some(({ startFrame, endFrameExclusive }) => frame >= startFrame && frame < endFrameExclusive);
}

/** A refused chunk's evidence, with the process that made the chunk; whatever else was thrown stays as it is. */
function withMaker(error: unknown, madeBy: EncodeOutcome['madeBy']): unknown {
  if (!(error instanceof ScenelineError && error.evidence)) return error;
  return new ScenelineError(error.code, error.message, { cause: error, evidence: { ...madeBy, ...error.evidence } });
}

type ChunkWork = {
  readonly chunk: Chunk;
  readonly video: VideoTrack;
  readonly rungs: readonly PlannedRung[];
  readonly records: readonly IndexRecord[];
  /** The records and those of the neighbours that filters read; `firstRead` is the first one's frame. */
  readonly read: readonly IndexRecord[];
  readonly firstRead: number;
  readonly stretch: Stretch;
  readonly fps: number;
};

async function chunkWork(deps: HandlerDeps, title: Title, plan: Plan, inspection: Inspection, job: Job): Promise<ChunkWork> {
  const chunk = plan.chunks[job.part.index];
  const video = inspection.facts.video;
  if (chunk === undefined || video === null) throw new ScenelineError('SL-901', `Job ${job.id} of ${title.id} is not in its plan.`);
  const around = neighbourCount(video);
  const firstRead = Math.max(0, chunk.startFrame - around);
  const endRead = Math.min(plan.frameCount, chunk.endFrameExclusive + around);
  // One record more says where the last one that is read ends.
  const known = await readRecords(deps, plan.inspectionId, firstRead, Math.min(plan.frameCount, endRead + 1));
  const ptsOf = (frame: number): number | null => known[frame - firstRead]?.ptsTicks ?? null;
  const records = known.slice(chunk.startFrame - firstRead, chunk.endFrameExclusive - firstRead);
  const surroundings: Surroundings = {
    startPtsTicks: known[0].ptsTicks,
    endPtsTicks: ptsOf(endRead),
    framesBefore: chunk.startFrame - firstRead,
    framesAfter: endRead - chunk.endFrameExclusive,
  };
  return {
    chunk,
    video,
    records,
    read: known.slice(0, endRead - firstRead),
    firstRead,
    rungs: plan.rungs.filter((rung) => rung.picturesFrom === null && rung.codec === job.part.codec),
    fps: averageFps(plan),
    stretch: {
      timeBase: plan.timeBase,
      ptsTicks: records.map((record) => record.ptsTicks),
      endPtsTicks: ptsOf(chunk.endFrameExclusive),
      idrPositions: chunk.idrFrames.map((frame) => frame - chunk.startFrame),
      surroundings: around === 0 ? null : surroundings,
    },
  };
}

async function readRecords(deps: HandlerDeps, inspectionId: string, startFrame: number, endFrameExclusive: number): Promise<IndexRecord[]> {
  return decodeIndexRecords(await deps.blobs.read(inspectionKeys.index(inspectionId), indexRange(startFrame, endFrameExclusive)));
}

/** Places to enter the source for what starts at that frame: its own key frame, the one before, the beginning. */
async function readEntries(deps: HandlerDeps, inspection: Inspection, startFrame: number): Promise<Entry[]> {
  const keys = inspection.keyFrames.filter((frame) => frame <= startFrame && frame > 0).slice(-2);
  const records = await Promise.all(keys.reverse().map((frame) => readRecords(deps, inspection.id, frame, frame + 1)));
  return [...records.map(([key]) => ({ keyPtsTicks: key.ptsTicks })), null];
}

/**
 * A proven result for the address, if its pictures also hold against this title's index: the frame hash is fast, not collision-proof.
 * A result whose file is gone or damaged is revoked.
 */
async function findProven(deps: HandlerDeps, address: string, records: readonly IndexRecord[]): Promise<EncodedChunk | null> {
  const found = await deps.results.lookup(LOCAL_OWNER, address);
  if (found === null) return null;
  const facts = await deps.blobs.stat(found.objectKey);
  const prints = (await deps.blobs.stat(found.fingerprintKey)) && (await deps.blobs.read(found.fingerprintKey));
  const whole = facts !== null && facts.sha256 === found.sha256 && prints !== null && prints.byteLength === records.length * PICTURE_BYTES;
  if (whole && resemblesMaster(Buffer.concat(records.map((record) => record.picture)), prints)) return found;
  await deps.results.revoke(LOCAL_OWNER, address, found.objectKey);
  return null;
}
