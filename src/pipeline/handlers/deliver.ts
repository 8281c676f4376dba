import type { EncodedChunk } from '../../model/encoded-chunk.ts';
import { ScenelineError } from '../../model/errors.ts';
import { type Inspection, inspectionKeys } from '../../model/inspection.ts';
import type { Job, JobKind, JobResult } from '../../model/job.ts';
import type { PlannedRung } from '../../model/ladder.ts';
import type { Plan } from '../../model/plan.ts';
import type { ChunkQuality } from '../../model/quality.ts';
import { reportSchema } from '../../model/report.ts';
import type { Title } from '../../model/title.ts';
import { assembleRendition } from '../../stages/assemble/assemble-rendition.ts';
import { assembleTracks } from '../../stages/assemble/assemble-tracks.ts';
import { validateRendition } from '../../stages/assemble/validate-rendition.ts';
import { packageTitle } from '../../stages/package/package-title.ts';
import type { ExtractedText } from '../../stages/package/text.ts';
import { type PublishedFile, publishTitle } from '../../stages/publish/publish-title.ts';
import { costOf } from '../cost.ts';
import { reclaimMemory } from '../reclaim-memory.ts';
import type { JobContext } from '../worker.ts';
import { type HandlerDeps, LOCAL_OWNER, putJson, readJson, type TitleFiles, titleOf, withStage } from './deps.ts';
import { readFrameTimes } from './frame-index.ts';
import { describeQuality } from './quality.ts';
import { buildReport, type RenditionRecord } from './report.ts';

const PAGE = 500;

type TitleFilesReader = (title: Title) => Promise<TitleFiles>;
type TrackRecord = { readonly [key: string]: unknown };
type PackageRecord = { readonly hls: string; readonly dash: string; readonly files: readonly PublishedFile[]; readonly tracks: readonly TrackRecord[] };

const titleKey = (title: Title, name: string) => `titles/${title.id}/${title.revision}/${name}`;

/** What a finished title in the object store consists of. */
export type PublishedRecord = { readonly files: readonly PublishedFile[]; readonly reportJson: string };

/** Where that stands. */
export const publishedKey = (title: Title) => titleKey(title, 'published.json');

/** Joins one rendition and holds it to the source; what does not hold is not kept. */
export function assembleHandler(deps: HandlerDeps, titleFiles: TitleFilesReader) {
  return async (job: Job, context: JobContext): Promise<JobResult> => {
    const title = await titleOf(deps, job);
    const { plan, inspection } = await titleFiles(title);
    const rung = plan.rungs[job.part.index];
    if (rung === undefined) throw new ScenelineError('SL-901', `Job ${job.id} is not in its plan.`);
    const shared = await titleParts(deps, title, plan);
    const outKey = titleKey(title, `rendition-${rung.name}.${rung.container}`);
    return withStage(deps, context, async (ctx) => {
      const input = { plan, rung, chunks: shared.chunksOf(rung), audio: shared.audio, ptsTicks: shared.ptsTicks };
      const { facts } = inspection;
      reclaimMemory();
      const assembled = await assembleRendition({ ...input, title: facts.title, chapters: facts.chapters, outKey }, ctx);
      reclaimMemory();
      try {
        const validation = await validateRendition({ ...input, objectKey: assembled.objectKey }, ctx);
        return { rendition: renditionRecord(rung, assembled, validation), objectKey: assembled.objectKey };
      } catch (error) {
        if (!context.signal.aborted) await deps.blobs.delete(outKey);
        throw error;
      }
    });
  };
}

/** Makes the tracks, manifests and pictures of the streaming package. */
export function packageHandler(deps: HandlerDeps, titleFiles: TitleFilesReader) {
  return async (job: Job, context: JobContext): Promise<JobResult> => {
    const title = await titleOf(deps, job);
    const { plan, inspection } = await titleFiles(title);
    const shared = await titleParts(deps, title, plan);
    const recordKey = titleKey(title, 'package.json');
    return withStage(deps, context, async (ctx) => {
      const renditions = plan.rungs.map((rung) => ({ rung, chunks: shared.chunksOf(rung) }));
      const keyPrefix = titleKey(title, '').slice(0, -1);
      reclaimMemory();
      const tracks = await assembleTracks({ plan, renditions, audio: shared.audio, ptsTicks: shared.ptsTicks, keyPrefix }, ctx);
      reclaimMemory();
      const packaged = await packageTitle(
        {
          title: inspection.facts.title,
          tracks: tracks.map(({ track, stored }) => ({ ...stored, track })),
          texts: (await extractedTexts(deps, title)).flatMap((made) => ('text' in made ? [made.text] : [])),
          thumbnails: { ...inspection.thumbnails, objectKey: inspectionKeys.thumbnails(inspection.id) },
        },
        ctx,
      );
      const record: PackageRecord = { ...packaged, tracks: tracks.map(({ track }) => ({ ...track })) };
      await putJson(deps, recordKey, record);
      return { recordKey };
    });
  };
}

/** Makes the title visible in its folder, with its report. */
export function publishHandler(deps: HandlerDeps, titleFiles: TitleFilesReader) {
  return async (job: Job, context: JobContext): Promise<JobResult> => {
    const title = await titleOf(deps, job);
    const assembled = (await doneJobs(deps, title, 'assemble')).map((done) => done.result as { rendition: RenditionRecord; objectKey: string });
    const [packaged] = await doneJobs(deps, title, 'package');
    const record = await readJson<PackageRecord>(deps, String(packaged?.result?.recordKey));
    const files: PublishedFile[] = [
      ...assembled.map(({ rendition, objectKey }) => ({ file: rendition.file, objectKey, sizeBytes: rendition.bytes, sha256: rendition.sha256 })),
      ...record.files,
    ];
    reclaimMemory();
    const reportJson = await writeReport(deps, {
      title,
      titleFiles: await titleFiles(title),
      renditions: assembled.map(({ rendition }) => rendition),
      record,
      files,
    });
    reclaimMemory();
    const { outDir } = title.order;
    if (outDir === null) {
      // Nobody sees it before the title's row says that it is published.
      const recordKey = publishedKey(title);
      await putJson(deps, recordKey, { files, reportJson } satisfies PublishedRecord);
      return { recordKey };
    }
    await withStage(deps, context, (ctx) => publishTitle({ outDir, files, reportJson }, ctx));
    return { outDir };
  };
}

type Reported = {
  readonly title: Title;
  readonly titleFiles: TitleFiles;
  readonly renditions: readonly RenditionRecord[];
  readonly record: PackageRecord;
  readonly files: readonly PublishedFile[];
};

async function writeReport(deps: HandlerDeps, { title, titleFiles, renditions, record, files }: Reported): Promise<string> {
  const parts = {
    title,
    ...titleFiles,
    renditions: await withQuality(deps, title, { ...titleFiles, renditions }),
    packaged: record,
    texts: await extractedTexts(deps, title),
    files: files.map(({ file, sizeBytes, sha256 }) => ({ file, sizeBytes, sha256 })),
    cost: await costOf(deps.queue, title.id, title.revision),
  };
  reclaimMemory();
  const report = reportSchema.parse(buildReport(parts));
  reclaimMemory();
  return `${JSON.stringify(report, null, 1)}\n`;
}

async function titleParts(deps: HandlerDeps, title: Title, plan: Plan) {
  const chunksByRung = await provenChunks(deps, title);
  const audioJobs = await doneJobs(deps, title, 'audio');
  return {
    ptsTicks: await readFrameTimes(deps.blobs, plan.inspectionId, plan),
    audio: plan.audio.map((track, i) => ({ plan: track, objectKey: String(audioJobs[i]?.result?.objectKey) })),
    chunksOf: (rung: PlannedRung) => chunksByRung.get(rung.picturesFrom ?? rung.name) ?? [],
  };
}

/** The renditions with the scores of their chunks. What is no longer recorded has none: that is no reason not to publish. */
async function withQuality(
  deps: HandlerDeps,
  title: Title,
  { plan, inspection, renditions }: { plan: Plan; inspection: Inspection; renditions: readonly RenditionRecord[] },
): Promise<RenditionRecord[]> {
  const ofRung = new Map<string, (ChunkQuality | null)[]>();
  for await (const { rungName, index, found } of encodedChunks(deps, title)) {
    const ofChunks = ofRung.get(rungName) ?? plan.chunks.map(() => null);
    ofChunks[index] = found?.quality ?? null;
    ofRung.set(rungName, ofChunks);
  }
  const film = { plan, shots: inspection.shots, ptsTicks: await readFrameTimes(deps.blobs, plan.inspectionId, plan) };
  return renditions.map((rendition) => {
    const ofChunks = ofRung.get(String(rendition.recipe.picturesFrom ?? rendition.name)) ?? [];
    return { ...rendition, quality: describeQuality(film, ofChunks) };
  });
}

/** The proven chunks of every rung with pictures of its own, in the order of the plan. */
async function provenChunks(deps: HandlerDeps, title: Title): Promise<Map<string, EncodedChunk[]>> {
  const byRung = new Map<string, EncodedChunk[]>();
  for await (const { rungName, index, found } of encodedChunks(deps, title)) {
    if (found === null) throw new ScenelineError('SL-905', `The encoded chunk ${index} at ${rungName} is no longer recorded.`);
    const chunks = byRung.get(rungName) ?? [];
    chunks[index] = found;
    byRung.set(rungName, chunks);
  }
  return byRung;
}

/** What is recorded under the addresses that a title's encode jobs ended with; null where it is no more. */
async function* encodedChunks(deps: HandlerDeps, title: Title): AsyncGenerator<{ rungName: string; index: number; found: EncodedChunk | null }> {
  for (const job of await doneJobs(deps, title, 'encode')) {
    for (const [rungName, address] of Object.entries((job.result?.addresses ?? {}) as Record<string, string>)) {
      yield { rungName, index: job.part.index, found: await deps.results.lookup(LOCAL_OWNER, address) };
    }
  }
}

async function extractedTexts(deps: HandlerDeps, title: Title): Promise<ExtractedText[]> {
  return (await doneJobs(deps, title, 'text')).map((job) => job.result as ExtractedText);
}

async function doneJobs(deps: HandlerDeps, title: Title, kind: JobKind): Promise<Job[]> {
  const jobs: Job[] = [];
  let cursor: string | null = null;
  do {
    const page = await deps.queue.listDone(title.id, title.revision, kind, cursor, PAGE);
    jobs.push(...page.jobs);
    cursor = page.cursor;
  } while (cursor !== null);
  return jobs;
}

function renditionRecord(
  rung: PlannedRung,
  assembled: Awaited<ReturnType<typeof assembleRendition>>,
  validation: { readonly [key: string]: unknown },
): RenditionRecord {
  const { codec, crf, maxrateKbps, bufsizeKbit, preset, picturesFrom, hdr } = rung;
  return {
    name: rung.name,
    file: `${rung.name}.${rung.container}`,
    container: rung.container,
    codec: assembled.codecs.join(','),
    width: rung.widthPx,
    height: rung.heightPx,
    frames: assembled.frames,
    bytes: assembled.sizeBytes,
    sha256: assembled.sha256,
    bitsPerSecond: assembled.bitsPerSecond,
    recipe: { codec, crf, maxrateKbps, bufsizeKbit, preset, picturesFrom, ...(hdr ? { hdr } : {}) },
    validation: { ...validation },
  };
}
