import { type Judgement, judgeFindings } from '../model/finding.ts';
import { type Inspection, inspectionIdOf } from '../model/inspection.ts';
import type { MediaInput } from '../model/media-input.ts';
import type { SourceFacts, SourceSeal } from '../model/source.ts';
import type { StageContext } from '../ports/stage-context.ts';
import { inspectAudio } from '../stages/inspect/inspect-audio.ts';
import { inspectRange } from '../stages/inspect/inspect-range.ts';
import { scanSource } from '../stages/inspect/scan-source.ts';
import { stitchInspection } from '../stages/inspect/stitch-inspection.ts';
import { type HandlerDeps, withSource, withStage } from './handlers/deps.ts';

export type InspectionOutcome = Judgement & {
  readonly facts: SourceFacts;
  /** Null when the source is refused before its pictures were read. */
  readonly inspection: Inspection | null;
};

/** Inspects a source on its own, without a title. What it leaves is found again by an encode of the same source. */
export async function inspectSource(request: {
  deps: HandlerDeps;
  seal: SourceSeal;
  /** A damage that an encode would repair refuses the source. */
  isStrict?: boolean;
  attemptId: string;
  signal: AbortSignal;
  onFrames: (frames: number) => void;
}): Promise<InspectionOutcome> {
  const { deps, seal, isStrict, attemptId, signal } = request;
  const inspectionId = inspectionIdOf(seal.sha256, deps.tools.abilities.buildId);
  let framesBefore = 0;
  let framesHere = 0;
  const onFrames = (frames: number) => {
    framesHere = frames;
    request.onFrames(framesBefore + frames);
  };
  const inspect = async (source: MediaInput, ctx: StageContext): Promise<InspectionOutcome> => {
    const scan = await scanSource({ inspectionId, source, sourceBytes: seal.sizeBytes }, ctx);
    const seen = judgeFindings(scan.findings, isStrict);
    if (seen.refused) return { ...seen, facts: scan.facts, inspection: null };
    for (const range of scan.ranges) {
      await inspectRange({ source, scan, rangeIndex: range.index }, ctx);
      framesBefore += framesHere;
      framesHere = 0;
    }
    for (const track of scan.facts.audio) await inspectAudio({ source, scan, streamIndex: track.streamIndex }, ctx);
    const inspection = await stitchInspection({ scan }, ctx);
    return { ...judgeFindings(inspection.findings, isStrict), facts: inspection.facts, inspection };
  };
  const job = { attemptId, signal, onFrames, spend: () => {} };
  return withSource(deps, seal, job, (source, work) => withStage(deps, work, (ctx) => inspect(source, ctx)));
}
