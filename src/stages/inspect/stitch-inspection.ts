import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ticksToSeconds } from '../../media/time.ts';
import { decodeIndexRecords, encodeIndexHeader, encodeIndexRecord, INDEX_HEADER_BYTES } from '../../model/frame-index.ts';
import { type Inspection, inspectionKeys } from '../../model/inspection.ts';
import type { SourceFacts, VideoTrack } from '../../model/source.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { cropOf } from './crop.ts';
import { judgeFilm, judgeSound } from './film-findings.ts';
import { type FilmMeasures, FilmMeter } from './film-measures.ts';
import { type AudioFindings, readAudioFindings } from './inspect-audio.ts';
import { openRange, type StoredRange } from './range-reader.ts';
import type { SourceScan } from './scan.ts';
import { measureChange } from './shots/features.ts';
import { summariseSound } from './sound-only.ts';
import { THUMBNAIL_INTERVAL_SECONDS, thumbnailSize } from './thumbnail-picks.ts';
import { ThumbnailStrip } from './thumbnail-strip.ts';

/**
 * Joins the results of all ranges and sound tracks to the frame index, the thumbnails and the inspection, one range after the other.
 * One range or forty give the same bytes. A film that cannot be used is refused by a finding. Gives a stored inspection back.
 * Throws SL-905 when a result is missing or damaged.
 */
export async function stitchInspection(input: { readonly scan: SourceScan }, ctx: StageContext): Promise<Inspection> {
  const { scan } = input;
  const key = inspectionKeys.summary(scan.id);
  if (await ctx.blobs.stat(key)) return JSON.parse(Buffer.from(await ctx.blobs.read(key)).toString('utf8')) as Inspection;
  const video = scan.facts.video;
  const sounds = await readSounds(scan, ctx.blobs);
  if (video === null) {
    const { inspection, index } = summariseSound(scan, sounds);
    await ctx.blobs.put(inspectionKeys.index(scan.id), index);
    await ctx.blobs.put(key, Buffer.from(JSON.stringify(inspection)));
    return inspection;
  }
  const indexPath = join(ctx.scratchDir, 'index.bin');
  const thumbnailsPath = join(ctx.scratchDir, 'thumbnails.mjpeg');
  const { measures, strip } = await joinRanges(scan, video, indexPath, thumbnailsPath, ctx);
  await ctx.blobs.putFile(inspectionKeys.index(scan.id), indexPath);
  await ctx.blobs.putFile(inspectionKeys.thumbnails(scan.id), thumbnailsPath);
  const inspection = summarise(scan, video, measures, strip, sounds);
  await ctx.blobs.put(key, Buffer.from(JSON.stringify(inspection)));
  return inspection;
}

async function readSounds(scan: SourceScan, blobs: BlobStore): Promise<AudioFindings[]> {
  const sounds: AudioFindings[] = [];
  for (const { streamIndex } of scan.facts.audio) sounds.push(readAudioFindings(await blobs.read(inspectionKeys.audio(scan.id, streamIndex))));
  return sounds;
}

async function joinRanges(scan: SourceScan, video: VideoTrack, indexPath: string, thumbnailsPath: string, ctx: StageContext) {
  const meter = new FilmMeter(video.timeBase, video.fieldOrder === 'interlaced');
  const strip = new ThumbnailStrip(scan.first?.ptsTicks ?? null, video.timeBase);
  const index = await open(indexPath, 'w');
  const pictures = await open(thumbnailsPath, 'w');
  try {
    await index.appendFile(new Uint8Array(INDEX_HEADER_BYTES));
    let lastLuma: Uint8Array | null = null;
    let lastJpeg = new Uint8Array();
    for (const range of scan.ranges) {
      ctx.signal.throwIfAborted();
      const stored = await openRange(inspectionKeys.range(scan.id, range.index), ctx.blobs);
      meter.beginRange(range, stored.frameCount, stored.notes);
      await copyRecords(stored, lastLuma, meter, index);
      lastJpeg = await copyThumbnails(stored, strip, lastJpeg, pictures);
      lastLuma = stored.border?.last ?? lastLuma;
    }
    const measures = meter.finish(scan.last, video.nominalFps);
    await writeTimes(pictures, lastJpeg, strip.finish(measures.endPtsTicks));
    const header = encodeIndexHeader({ frameCount: measures.frameCount, timeBase: video.timeBase, endPtsTicks: measures.endPtsTicks });
    await writeAt(indexPath, header);
    return { measures, strip };
  } finally {
    await index.close();
    await pictures.close();
  }
}

/** Copies a range's records; the first one gets what needs the frame before it. */
async function copyRecords(stored: StoredRange, lastLuma: Uint8Array | null, meter: FilmMeter, index: FileHandle): Promise<void> {
  let isFirst = true;
  for await (const bytes of stored.records()) {
    const records = decodeIndexRecords(bytes);
    if (isFirst && lastLuma && stored.border) {
      measureChange(lastLuma, stored.border.first, records[0].features);
      encodeIndexRecord(records[0], bytes, 0);
    }
    isFirst = false;
    for (const record of records) meter.push(record);
    await index.appendFile(bytes);
  }
}

async function copyThumbnails(
  stored: StoredRange,
  strip: ThumbnailStrip,
  lastJpeg: Uint8Array<ArrayBuffer>,
  pictures: FileHandle,
): Promise<Uint8Array<ArrayBuffer>> {
  let last = lastJpeg;
  let at = 0;
  for await (const jpeg of stored.thumbnails()) {
    const { before, own } = strip.add(stored.notes.thumbnails[at++]);
    await writeTimes(pictures, last, before);
    await writeTimes(pictures, jpeg, own);
    if (own > 0) last = Uint8Array.from(jpeg);
  }
  return last;
}

async function writeTimes(file: FileHandle, bytes: Uint8Array, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await file.appendFile(bytes);
}

async function writeAt(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(bytes, 0, bytes.byteLength, 0);
  } finally {
    await file.close();
  }
}

function summarise(scan: SourceScan, video: VideoTrack, measures: FilmMeasures, strip: ThumbnailStrip, sounds: readonly AudioFindings[]): Inspection {
  const { timeBase } = video;
  const isListTrusted = scan.indexing === 'packets';
  const { box, samples } = strip.content;
  const film = { measures, timeBase, streamIndex: video.streamIndex, isInterlaced: video.fieldOrder === 'interlaced' };
  const facts = isListTrusted ? scan.facts : withDecodedTimes(scan.facts, video, measures);
  return {
    version: 1,
    id: scan.id,
    facts: { ...facts, video: withChanges(facts.video ?? video, measures) },
    frameCount: measures.frameCount,
    timeBase,
    firstPtsTicks: measures.firstPtsTicks,
    endPtsTicks: measures.endPtsTicks,
    keyFrames: measures.keyFrames,
    shots: measures.shots,
    black: measures.black,
    frozen: measures.frozen,
    damaged: measures.damaged.map(({ startFrame, endFrameExclusive }) => ({ startFrame, endFrameExclusive })),
    crop: cropOf(box, samples, video.widthPx, video.heightPx),
    audio: sounds.map(({ inspection }) => inspection),
    thumbnails: {
      intervalSeconds: THUMBNAIL_INTERVAL_SECONDS,
      ...thumbnailSize(video),
      frames: strip.ptsTicks.map((ptsTicks) => measures.thumbnailFrames.get(ptsTicks)!),
    },
    findings: [
      ...scan.findings,
      ...judgeFilm(film, isListTrusted),
      ...sounds.flatMap((sound) => judgeSound(sound, ticksToSeconds(measures.firstPtsTicks, timeBase))),
    ],
  };
}

/** What only the frames say: the film is handled as one that changes, or is interlaced, from its beginning. */
function withChanges(video: VideoTrack, { keepsSize, changes }: FilmMeasures): VideoTrack {
  const changesSize = !keepsSize || changes.shapePtsTicks !== null;
  return { ...video, changesSize, fieldOrder: changes.interlacedPtsTicks === null ? video.fieldOrder : 'interlaced' };
}

/** Pace and length by the frames themselves, where the container's list says nothing. */
function withDecodedTimes(facts: SourceFacts, video: VideoTrack, measures: FilmMeasures): SourceFacts {
  const seconds = ((measures.endPtsTicks - measures.firstPtsTicks) * video.timeBase.num) / video.timeBase.den;
  if (measures.frameCount === 0 || seconds <= 0) return facts;
  const nominalFps = Number((measures.frameCount / seconds).toFixed(6));
  return { ...facts, durationSeconds: facts.durationSeconds || Number(seconds.toFixed(6)), video: { ...video, nominalFps } };
}
