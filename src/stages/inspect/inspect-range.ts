import { join } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';
import { inspectionKeys } from '../../model/inspection.ts';
import type { MediaInput } from '../../model/media-input.ts';
import type { VideoTrack } from '../../model/source.ts';
import type { BlobFacts } from '../../ports/blob-store.ts';
import type { MediaCommand } from '../../ports/media-tools.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { keysBefore, locateDamage, soundEntry } from './damage.ts';
import { countComplaints } from './decoder-complaints.ts';
import { DECODING_LIMITS } from './limits.ts';
import { beganAnew, type Look, parseLooks } from './looks.ts';
import { complaintArgs, keyComplaintArgs, type RangeCut, rangeArgs } from './range-args.ts';
import { type DamagedStretch, decodeRangeHeader, isWithin, RANGE_HEADER_BYTES } from './range-object.ts';
import { RangeRecorder } from './range-recorder.ts';
import type { ScanRange, SourceScan } from './scan.ts';
import { isTooMuch, refusalOfTool } from './tool-failure.ts';

export type InspectRangeInput = { readonly source: MediaInput; readonly scan: SourceScan; readonly rangeIndex: number };

export type InspectRangeResult = {
  readonly rangeIndex: number;
  readonly frameCount: number;
  readonly objectKey: string;
  readonly sizeBytes: number;
  readonly sha256: string;
};

/**
 * Decodes one range once and leaves its frames' records, pictures and thumbnails as one object. The decoded frames are held to the container's list;
 * where they differ, the file is entered one key frame earlier, then at its start. Where the decoder complains, the damaged pictures
 * are located and the range is decoded as a decode from the film's start would. A range that is stored already is not decoded again.
 */
export async function inspectRange(input: InspectRangeInput, ctx: StageContext): Promise<InspectRangeResult> {
  const range = input.scan.ranges[input.rangeIndex];
  const video = input.scan.facts.video;
  if (range === undefined || video === null) throw new ScenelineError('SL-901', `The scan ${input.scan.id} has no range ${input.rangeIndex}.`);
  const objectKey = inspectionKeys.range(input.scan.id, input.rangeIndex);
  const stored = await ctx.blobs.stat(objectKey);
  if (stored) return resultOf(input.rangeIndex, objectKey, stored, await storedFrameCount(objectKey, stored, ctx));
  const path = join(ctx.scratchDir, `range-${input.rangeIndex}.bin`);
  const frameCount = await new RangeInspector({ ...input, range, video, path, ctx }).run();
  return resultOf(input.rangeIndex, objectKey, await ctx.blobs.putFile(objectKey, path), frameCount);
}

function resultOf(rangeIndex: number, objectKey: string, facts: BlobFacts, frameCount: number): InspectRangeResult {
  return { rangeIndex, frameCount, objectKey, sizeBytes: facts.sizeBytes, sha256: facts.sha256 };
}

async function storedFrameCount(objectKey: string, facts: BlobFacts, ctx: StageContext): Promise<number> {
  return decodeRangeHeader(await ctx.blobs.read(objectKey, { start: 0, endExclusive: RANGE_HEADER_BYTES }), facts.sizeBytes).frameCount;
}

type Work = {
  readonly source: MediaInput;
  readonly scan: SourceScan;
  readonly range: ScanRange;
  readonly video: VideoTrack;
  /** Where the object is written. */
  readonly path: string;
  readonly ctx: StageContext;
};

/** Frames whose decoder complained are not finished into an object unless they are the last word. */
type Attempt = { readonly isSound: boolean; readonly matchesListing: boolean; readonly frameCount: number };

class RangeInspector {
  readonly #work: Work;
  /** Complaints by the time of a key picture. */
  readonly #keysTried = new Map<number, number>();

  constructor(work: Work) {
    this.#work = work;
  }

  /** Frames in the object that it leaves. */
  async run(): Promise<number> {
    const { scan, range } = this.#work;
    const earlier = range.startPtsTicks === null ? [] : [...keysBefore(scan, range, 1), null];
    for (const entry of [range.startPtsTicks, ...earlier]) {
      const attempt = await this.#decode({ entryPtsTicks: entry });
      if (!attempt.isSound) return this.#decodeDamaged();
      if (attempt.matchesListing || scan.indexing === 'decoding' || entry === null) return attempt.frameCount;
    }
    throw new ScenelineError('SL-901', `Range ${range.index} of ${scan.id} was not decoded from its start.`);
  }

  async #decodeDamaged(): Promise<number> {
    const { scan, range } = this.#work;
    const complains = async (cut: RangeCut) => !(await this.#isSound(cut, await this.#complaints(cut)));
    const damaged = await locateDamage(range, complains);
    const entryPtsTicks = await soundEntry(scan, range, damaged, complains);
    return (await this.#decode({ entryPtsTicks, damaged })).frameCount;
  }

  /** Decodes the range into the object's file. With `damaged`, whatever decodes is what the range has. */
  async #decode(how: { entryPtsTicks: number | null; damaged?: readonly DamagedStretch[] }): Promise<Attempt> {
    const { source, scan, range, video, path } = this.#work;
    const zeroPtsTicks = scan.first?.ptsTicks ?? null;
    const cut = { entryPtsTicks: how.entryPtsTicks, startPtsTicks: range.startPtsTicks, endPtsTicks: range.endPtsTicks };
    const args = rangeArgs(source, video, cut, zeroPtsTicks);
    const damaged = how.damaged ?? [];
    const recorder = await RangeRecorder.create(path, range, damaged, video, zeroPtsTicks);
    try {
      const { complaints, log } = await this.#run(args, recorder.outputs);
      const isSound = how.damaged === undefined && (await this.#isSound(cut, complaints));
      if (!isSound && how.damaged === undefined) return { isSound, matchesListing: false, frameCount: 0 };
      const { frameCount } = await recorder.finish({
        looks: soundLooks(parseLooks(log), damaged),
        turns: beganAnew(log),
        isListTrusted: scan.indexing === 'packets',
      });
      return { isSound, matchesListing: recorder.matchesListing, frameCount };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new ScenelineError('SL-301', `The decoder's output makes no sense: ${error.message}.`, { cause: error, evidence: { command: args } });
    } finally {
      await recorder.close();
    }
  }

  /**
   * A decoder that enters in the middle of a film may miss what came before, and says so without harm to the frames wanted: complaints count only beyond those
   * that come before the first wanted frame. To find either end it has to decode the key picture there, which belongs to what that picture begins.
   */
  async #isSound({ entryPtsTicks, startPtsTicks, endPtsTicks }: RangeCut, complaints: number): Promise<boolean> {
    if (complaints === 0 || !Number.isFinite(complaints)) return complaints === 0;
    const ofTheNext = await this.#keyComplaints(endPtsTicks);
    if (complaints <= ofTheNext) return true;
    if (entryPtsTicks === null) return false;
    const before = await this.#complaints({ entryPtsTicks, startPtsTicks: null, endPtsTicks: startPtsTicks });
    return complaints <= before - (await this.#keyComplaints(startPtsTicks)) + ofTheNext;
  }

  async #keyComplaints(keyPtsTicks: number | null): Promise<number> {
    if (keyPtsTicks === null) return 0;
    const known = this.#keysTried.get(keyPtsTicks);
    if (known !== undefined) return known;
    const { source, video } = this.#work;
    const { complaints } = await this.#run(keyComplaintArgs(source, video, keyPtsTicks), {});
    this.#keysTried.set(keyPtsTicks, complaints);
    return complaints;
  }

  async #complaints(cut: RangeCut): Promise<number> {
    return (await this.#run(complaintArgs(this.#work.source, this.#work.video, cut), {})).complaints;
  }

  /** How often the decoder complained, without end when it gave up, and what it logged. */
  async #run(args: readonly string[], outputs: MediaCommand['outputs']): Promise<{ complaints: number; log: string }> {
    const { scan, ctx } = this.#work;
    try {
      const { onFrames, signal, scratchDir } = ctx;
      const run = await ctx.tools.run({ tool: 'ffmpeg', args, outputs, cwd: scratchDir, limits: DECODING_LIMITS, onFrames, signal });
      ctx.spend('inspect', run.cpuSeconds);
      return { complaints: countComplaints(run, scan.facts.container), log: run.log };
    } catch (error) {
      if (refusalOfTool(error) === null || isTooMuch(error)) throw error;
      return { complaints: Number.POSITIVE_INFINITY, log: '' };
    }
  }
}

/** A damaged picture's word is not taken. */
function soundLooks(looks: readonly Look[], damaged: readonly DamagedStretch[]): Look[] {
  return looks.filter(({ ptsTicks }) => !damaged.some((stretch) => isWithin(ptsTicks, stretch)));
}
