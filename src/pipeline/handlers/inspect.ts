import { judgeFindings } from '../../model/finding.ts';
import { inspectionIdOf, inspectionKeys } from '../../model/inspection.ts';
import type { Job, JobResult } from '../../model/job.ts';
import type { Title } from '../../model/title.ts';
import { inspectAudio } from '../../stages/inspect/inspect-audio.ts';
import { inspectRange } from '../../stages/inspect/inspect-range.ts';
import type { SourceScan } from '../../stages/inspect/scan.ts';
import { scanSource } from '../../stages/inspect/scan-source.ts';
import { stitchInspection } from '../../stages/inspect/stitch-inspection.ts';
import type { JobContext } from '../job-handlers.ts';
import { type HandlerDeps, readJson, titleOf, withSource, withStage } from './deps.ts';

/** The inspection a title uses: shared with every title of the same source and build. */
export function inspectionOf(title: Title): string {
  return inspectionIdOf(title.order.seal.sha256, title.order.encoderBuild);
}

/** Reads what the container says and splits the work. */
export function scanHandler(deps: HandlerDeps) {
  return async (job: Job, context: JobContext): Promise<JobResult> => {
    const title = await titleOf(deps, job);
    const { seal } = title.order;
    const scan = await withSource(deps, seal, context, (source, work) =>
      withStage(deps, work, (ctx) => scanSource({ inspectionId: inspectionOf(title), source, sourceBytes: seal.sizeBytes }, ctx)),
    );
    const audioStreams = scan.facts.audio.map((track) => track.streamIndex);
    const { video } = scan.facts;
    const pixels = video === null ? 0 : video.widthPx * video.heightPx;
    return { ...judgeFindings(scan.findings, title.order.isStrict), rangeCount: scan.ranges.length, pixels, audioStreams };
  };
}

/** Decodes one range of pictures. */
export function inspectRangeHandler(deps: HandlerDeps) {
  return async (job: Job, context: JobContext): Promise<JobResult> => {
    const title = await titleOf(deps, job);
    const scan = await readScan(deps, inspectionOf(title));
    return withSource(deps, title.order.seal, context, (source, work) =>
      withStage(deps, work, (ctx) => inspectRange({ source, scan, rangeIndex: job.part.index }, ctx)),
    );
  };
}

/** Decodes one audio track. */
export function inspectAudioHandler(deps: HandlerDeps) {
  return async (job: Job, context: JobContext): Promise<JobResult> => {
    const title = await titleOf(deps, job);
    const scan = await readScan(deps, inspectionOf(title));
    await withSource(deps, title.order.seal, context, (source, work) =>
      withStage(deps, work, (ctx) => inspectAudio({ source, scan, streamIndex: job.part.index }, ctx)),
    );
    return {};
  };
}

/** Joins the pieces to the frame index and the inspection. */
export function stitchHandler(deps: HandlerDeps) {
  return async (job: Job, context: JobContext): Promise<JobResult> => {
    const title = await titleOf(deps, job);
    const scan = await readScan(deps, inspectionOf(title));
    const inspection = await withStage(deps, context, (ctx) => stitchInspection({ scan }, ctx));
    return { ...judgeFindings(inspection.findings, title.order.isStrict), frameCount: inspection.frameCount };
  };
}

function readScan(deps: HandlerDeps, inspectionId: string): Promise<SourceScan> {
  return readJson<SourceScan>(deps, inspectionKeys.scan(inspectionId));
}
