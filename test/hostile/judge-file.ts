import type { Finding } from '../../src/model/finding.ts';
import { isRefused } from '../../src/model/finding.ts';
import type { StageContext } from '../../src/ports/stage-context.ts';
import { inspectAudio } from '../../src/stages/inspect/inspect-audio.ts';
import { inspectRange } from '../../src/stages/inspect/inspect-range.ts';
import { scanSource } from '../../src/stages/inspect/scan-source.ts';
import { stitchInspection } from '../../src/stages/inspect/stitch-inspection.ts';
import { fileSource } from '../support/file-source.ts';
import { stageContext } from '../support/stage-context.ts';

export type Judgement = {
  /** Codes of the findings that refuse the file; none: it may be encoded. */
  readonly refusals: readonly string[];
  readonly findings: readonly Finding[];
};

/** All of inspection as a title gets it, up to the first step that refuses. Throws what the stages throw. @param folder for a store of its own */
export async function judgeFile(folder: string, path: string, changes: Partial<StageContext> = {}): Promise<Judgement> {
  const ctx = await stageContext(folder, changes);
  const input = fileSource(path);
  const scan = await scanSource({ inspectionId: 'film', ...input }, ctx);
  if (isRefused(scan.findings)) return judgement(scan.findings);
  for (const { index } of scan.ranges) await inspectRange({ source: input.source, scan, rangeIndex: index }, ctx);
  for (const { streamIndex } of scan.facts.audio) await inspectAudio({ source: input.source, scan, streamIndex }, ctx);
  return judgement((await stitchInspection({ scan }, ctx)).findings);
}

function judgement(findings: readonly Finding[]): Judgement {
  return { findings, refusals: findings.filter(({ severity }) => severity === 'refuse').map(({ code }) => code) };
}
