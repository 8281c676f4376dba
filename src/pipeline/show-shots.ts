import { decodeIndexRecords, indexRange } from '../model/frame-index.ts';
import { type Inspection, inspectionKeys } from '../model/inspection.ts';
import type { SourceSeal } from '../model/source.ts';
import { type ShotSheet, shotSheets } from '../stages/inspect/sheet/shot-sheets.ts';
import { type BorderExplanation, EXPLAINED_REACH, explainBorder } from '../stages/inspect/shots/explain.ts';
import { type HandlerDeps, withSource, withStage } from './handlers/deps.ts';

/** Makes contact sheets of an inspected source and hands them over one after the other. `onFrames` hears which part of the film is done. */
export async function drawShotSheets(request: {
  deps: HandlerDeps;
  seal: SourceSeal;
  inspection: Inspection;
  attemptId: string;
  signal: AbortSignal;
  onFrames: (frames: number) => void;
  onSheet: (sheet: ShotSheet) => Promise<void>;
}): Promise<void> {
  const { deps, seal, inspection, attemptId, signal, onFrames } = request;
  const job = { attemptId, signal, onFrames, spend: () => {} };
  await withSource(deps, seal, job, (source, work) =>
    withStage(deps, work, async (ctx) => {
      for await (const sheet of shotSheets({ source, inspection }, ctx)) await request.onSheet(sheet);
    }),
  );
}

/** Says what speaks for and against a border at a frame of an inspected film. @param frame less than `inspection.frameCount`. */
export async function explainFrame(deps: Pick<HandlerDeps, 'blobs'>, inspection: Inspection, frame: number): Promise<BorderExplanation> {
  const firstFrame = Math.max(0, frame - EXPLAINED_REACH);
  const { start, endExclusive } = indexRange(firstFrame, Math.min(inspection.frameCount, frame + EXPLAINED_REACH + 1));
  const frames = decodeIndexRecords(await deps.blobs.read(inspectionKeys.index(inspection.id), { start, endExclusive }));
  return explainBorder({ frame, firstFrame, frames, shots: inspection.shots, timeBase: inspection.timeBase, firstPtsTicks: inspection.firstPtsTicks });
}
