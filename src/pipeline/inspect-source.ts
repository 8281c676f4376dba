import type { Finding } from '../model/finding.ts';
import { type Inspection, inspectionIdOf } from '../model/inspection.ts';
import type { SourceFacts, SourceSeal } from '../model/source.ts';
import { inspectAudio } from '../stages/inspect/inspect-audio.ts';
import { inspectRange } from '../stages/inspect/inspect-range.ts';
import { isRefused } from '../stages/inspect/scan.ts';
import { scanSource } from '../stages/inspect/scan-source.ts';
import { stitchInspection } from '../stages/inspect/stitch-inspection.ts';
import { type HandlerDeps, withStage } from './handlers/deps.ts';

export type InspectionOutcome = {
  readonly refused: boolean;
  readonly facts: SourceFacts;
  readonly findings: readonly Finding[];
  /** Null when the source is refused before its pictures were read. */
  readonly inspection: Inspection | null;
};

/** Inspects a source on its own, without a title. What it leaves is found again by an encode of the same source. */
export async function inspectSource(request: {
  deps: HandlerDeps;
  seal: SourceSeal;
  attemptId: string;
  signal: AbortSignal;
  onFrames: (frames: number) => void;
}): Promise<InspectionOutcome> {
  const { deps, seal, attemptId, signal } = request;
  const inspectionId = inspectionIdOf(seal.sha256, deps.tools.abilities.buildId);
  let framesBefore = 0;
  let framesHere = 0;
  const onFrames = (frames: number) => {
    framesHere = frames;
    request.onFrames(framesBefore + frames);
  };
  return withStage(deps, { attemptId, signal, onFrames, spend: () => {} }, async (ctx) => {
    const scan = await scanSource({ inspectionId, sourcePath: seal.path }, ctx);
    if (isRefused(scan.findings)) return { refused: true, facts: scan.facts, findings: scan.findings, inspection: null };
    for (const range of scan.ranges) {
      await inspectRange({ sourcePath: seal.path, scan, rangeIndex: range.index }, ctx);
      framesBefore += framesHere;
      framesHere = 0;
    }
    for (const track of scan.facts.audio) await inspectAudio({ sourcePath: seal.path, scan, streamIndex: track.streamIndex }, ctx);
    const inspection = await stitchInspection({ scan }, ctx);
    return { refused: isRefused(inspection.findings), facts: inspection.facts, findings: inspection.findings, inspection };
  });
}
