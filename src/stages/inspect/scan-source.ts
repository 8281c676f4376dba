import { ticksToSeconds } from '../../media/time.ts';
import { FrameHashReader } from '../../media/tool-output/frame-hash-lines.ts';
import { LineReader } from '../../media/tool-output/line-reader.ts';
import { type Finding, isRefused } from '../../model/finding.ts';
import { inspectionKeys } from '../../model/inspection.ts';
import type { MediaInput } from '../../model/media-input.ts';
import type { SourceFacts, VideoTrack } from '../../model/source.ts';
import type { MediaLimits } from '../../ports/media-tools.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { firstPictureArgs, parseFirstPicture, wantsFirstPicture, withFirstPicture } from './first-picture.ts';
import { listingLimits, PROBE_LIMITS, TRIAL_LIMITS } from './limits.ts';
import { packetListingArgs, parsePacketLine } from './packet-line.ts';
import { DocumentBytes, parseProbeDocument, probeArgs } from './probe-document.ts';
import { finding, judgeFacts, judgeTimes, judgeTools } from './probe-findings.ts';
import { type Listing, RangePlanner, singleRange } from './range-planner.ts';
import type { SourceScan } from './scan.ts';
import { type ProbedFacts, readFacts } from './source-facts.ts';
import { formatNotAllowed, isTooMuch, refusalOfTool } from './tool-failure.ts';
import { carriesCaptions, listMatchesTrial, trialArgs, turnsOtherwise } from './trial.ts';

/** Long enough that starting a process is nothing, short enough that a crash loses little; a short film is split so that every core has a part. */
const RANGE_SECONDS = { least: 15, most: 120 };
const RANGES_WANTED = 16;

export type ScanInput = {
  readonly inspectionId: string;
  readonly source: MediaInput;
  readonly sourceBytes: number;
  /** Wanted length of a range; unless a test says it, two minutes, less in a short film. */
  readonly rangeSeconds?: number;
};

/**
 * Reads what the container says, lists the picture track's packets and splits it into ranges that start at key frames.
 * Collects findings; a scan with a refusing one, or without a picture track, has no ranges. Stores the scan, and gives a stored one back.
 * Throws what the tools throw when they fail for another reason than the file.
 */
export async function scanSource(input: ScanInput, ctx: StageContext): Promise<SourceScan> {
  const key = inspectionKeys.scan(input.inspectionId);
  if (await ctx.blobs.stat(key)) return JSON.parse(Buffer.from(await ctx.blobs.read(key)).toString('utf8')) as SourceScan;
  const scan = await scanFresh(input, ctx);
  await ctx.blobs.put(key, Buffer.from(JSON.stringify(scan)));
  return scan;
}

const NOTHING_KNOWN: SourceFacts = { container: '', durationSeconds: 0, title: '', video: null, otherVideo: [], audio: [], text: [], chapters: [] };

async function scanFresh(input: ScanInput, ctx: StageContext): Promise<SourceScan> {
  if (input.sourceBytes === 0) return withoutRanges(input, NOTHING_KNOWN, [finding('refuse', 'SL-201', 'The file is empty.')]);
  const document = new DocumentBytes();
  const refusal = await runOrRefuse(ctx, 'ffprobe', probeArgs(input.source), (bytes) => document.write(bytes), PROBE_LIMITS);
  if (refusal.words !== null) {
    const { notAllowed } = refusal;
    const message =
      notAllowed === null
        ? `The file cannot be read as a video container: ${refusal.words}`
        : `A file of this kind (${notAllowed}) is not accepted: convert it to MP4, MOV, Matroska, MXF or MPEG-TS.`;
    return withoutRanges(input, NOTHING_KNOWN, [finding('refuse', refusal.isTooMuch ? 'SL-270' : 'SL-202', message)]);
  }
  const probed = await lookAtFirstPicture(input, readFacts(parseProbeDocument(document.text)), ctx);
  const findings = [...judgeFacts(probed), ...judgeTools(probed.facts.video, ctx.tools.abilities.filters)];
  const { facts } = probed;
  if (facts.video === null || isRefused(findings)) return withoutRanges(input, facts, findings);
  const { listing, end } = await listPackets(input, facts.video, facts.durationSeconds, ctx);
  findings.push(...judgeListing(listing, end, facts.video));
  if (isRefused(findings)) return withoutRanges(input, facts, findings);
  return scanOfListing(input, facts, facts.video, listing, findings, ctx);
}

/** The captions beside the pictures as one more text track, in the stream of the pictures. */
function withCaptions(facts: SourceFacts, { streamIndex }: VideoTrack): SourceFacts {
  const track = { streamIndex, codec: 'a53', language: 'und', title: '', isDefault: false, isForced: false, role: 'captions' } as const;
  return { ...facts, text: [...facts.text, track] };
}

async function scanOfListing(
  input: ScanInput,
  told: SourceFacts,
  video: VideoTrack,
  listing: Listing,
  findings: Finding[],
  ctx: StageContext,
): Promise<SourceScan> {
  const place = { streamIndex: video.streamIndex };
  const { ptsTicks, end } = await decodeTrial(input, video, ctx);
  if (ptsTicks.length === 0) {
    const message = `The picture track cannot be decoded: ${end.words ?? 'no picture came out of the decoder'}`;
    return withoutRanges(input, told, [...findings, finding('refuse', end.isTooMuch ? 'SL-270' : 'SL-204', message, place)]);
  }
  if (turnsOtherwise(end.log, video.rotationDegrees)) {
    const message = 'The pictures ask to be turned or mirrored, and the container does not say the same.';
    return withoutRanges(input, told, [...findings, finding('refuse', 'SL-214', message, place)]);
  }
  const hasCaptions = carriesCaptions(end.log);
  const facts = hasCaptions ? withCaptions(told, video) : told;
  if (hasCaptions) findings.push(finding('info', 'SL-252', 'The pictures carry closed captions, which become a text track.', place));
  const isTrusted = listing.missingPtsCount === 0 && listing.keysAscend && listMatchesTrial(listing.leadPtsTicks, ptsTicks);
  if (!isTrusted) findings.push(finding('info', 'SL-237', 'The container does not list the pictures as they decode; the decoder was asked instead.', place));
  return {
    version: 1,
    id: input.inspectionId,
    facts: isTrusted ? withListedTimes(facts, video, listing) : facts,
    indexing: isTrusted ? 'packets' : 'decoding',
    first: isTrusted ? listing.first : null,
    last: listing.last,
    ranges: isTrusted ? listing.ranges : [singleRange(listing)],
    findings,
  };
}

/** A picture that cannot be shown is judged later. */
async function lookAtFirstPicture(input: ScanInput, probed: ProbedFacts, ctx: StageContext): Promise<ProbedFacts> {
  if (!wantsFirstPicture(probed)) return probed;
  const document = new DocumentBytes();
  const args = firstPictureArgs(input.source, probed.facts.video!.streamIndex);
  const end = await runOrRefuse(ctx, 'ffprobe', args, (bytes) => document.write(bytes), PROBE_LIMITS);
  return end.words === null ? withFirstPicture(probed, parseFirstPicture(document.text)) : probed;
}

/** `words`: why the file was refused, by the tool, by its limits or by us who cannot make sense of what it says; null when it was read to its end. */
type ToolEnd = {
  readonly words: string | null;
  readonly isTooMuch: boolean;
  readonly isNonsense: boolean;
  /** The file's format when it is none of those allowed. */
  readonly notAllowed: string | null;
  readonly errorLines: readonly string[];
  /** What the tool told of the file. */
  readonly log: string;
};

async function runOrRefuse(
  ctx: StageContext,
  tool: 'ffmpeg' | 'ffprobe',
  args: readonly string[],
  onBytes: (bytes: Uint8Array) => void,
  limits: MediaLimits,
): Promise<ToolEnd> {
  try {
    const run = await ctx.tools.run({ tool, args, outputs: { 1: onBytes }, cwd: ctx.scratchDir, limits, signal: ctx.signal });
    ctx.spend('inspect', run.cpuSeconds);
    return { words: null, isTooMuch: false, isNonsense: false, notAllowed: null, errorLines: run.errorLines, log: run.log };
  } catch (error) {
    const isNonsense = error instanceof RangeError;
    const words = isNonsense ? error.message : refusalOfTool(error);
    if (words === null) throw error;
    return { words, isTooMuch: isTooMuch(error), isNonsense, notAllowed: formatNotAllowed(error), errorLines: [], log: '' };
  }
}

async function listPackets(input: ScanInput, video: VideoTrack, durationSeconds: number, ctx: StageContext): Promise<{ listing: Listing; end: ToolEnd }> {
  const planner = new RangePlanner(video.timeBase, input.rangeSeconds ?? rangeSecondsFor(durationSeconds));
  const lines = new LineReader((line) => {
    const packet = parsePacketLine(line);
    if (packet) planner.add(packet);
  });
  const args = packetListingArgs(input.source, video.streamIndex);
  const end = await runOrRefuse(ctx, 'ffprobe', args, (bytes) => lines.write(bytes), listingLimits(input.sourceBytes));
  return { listing: planner.finish(), end };
}

/** @param durationSeconds zero when nobody knows */
function rangeSecondsFor(durationSeconds: number): number {
  if (durationSeconds <= 0) return RANGE_SECONDS.most;
  return Math.min(RANGE_SECONDS.most, Math.max(RANGE_SECONDS.least, durationSeconds / RANGES_WANTED));
}

/** What the demuxers for MP4 and Matroska say when the file ends before its own tables do. */
const ENDS_EARLY = /offset 0x[0-9a-f]+: partial file|File ended prematurely/;

function judgeListing(listing: Listing, end: ToolEnd, video: VideoTrack): Finding[] {
  const place = { streamIndex: video.streamIndex };
  if (end.isTooMuch) return [finding('refuse', 'SL-270', end.words ?? '', place)];
  if (end.isNonsense) return [finding('refuse', 'SL-206', `The times of the picture track make no sense: ${end.words}.`, place)];
  const found: Finding[] = [];
  const { first, last, packetCount } = listing;
  if (first && last) found.push(...judgeTimes(ticksToSeconds(last.ptsTicks - first.ptsTicks, video.timeBase), packetCount, video.streamIndex));
  if (listing.isEncrypted) found.push(finding('refuse', 'SL-205', 'The picture track is encrypted.', place));
  if (listing.packetCount === 0) found.push(finding('refuse', 'SL-207', 'The picture track has no pictures to show.', place));
  const errorLines = end.words === null ? end.errorLines : [end.words];
  if (errorLines.some((line) => ENDS_EARLY.test(line))) {
    found.push(finding('refuse', 'SL-208', `The file ends early: only ${listing.packetCount} pictures can be read.`, place));
  }
  if (listing.discardedCount > 0) {
    found.push(finding('warn', 'SL-227', `An edit list hides ${listing.discardedCount} coded pictures; they are left out, as in a player.`, place));
  }
  return found;
}

/** Times of the first decoded pictures. */
async function decodeTrial(input: ScanInput, video: VideoTrack, ctx: StageContext): Promise<{ ptsTicks: readonly number[]; end: ToolEnd }> {
  const ptsTicks: number[] = [];
  const reader = new FrameHashReader(video.timeBase, (frame) => ptsTicks.push(frame.ptsTicks));
  const args = trialArgs(input.source, video.streamIndex, video.timeBase);
  const end = await runOrRefuse(ctx, 'ffmpeg', args, (bytes) => reader.write(bytes), TRIAL_LIMITS);
  if (end.words === null) reader.end();
  return { ptsTicks, end };
}

/** Pace and length as the listing has them: containers round or guess. */
function withListedTimes(facts: SourceFacts, video: VideoTrack, listing: Listing): SourceFacts {
  if (!listing.first || !listing.last || listing.packetCount < 2) return facts;
  const spanTicks = listing.last.ptsTicks - listing.first.ptsTicks;
  if (spanTicks === 0) return facts;
  const { num, den } = video.timeBase;
  const nominalFps = Number((((listing.packetCount - 1) * den) / (spanTicks * num)).toFixed(6));
  const listedSeconds = ((spanTicks + listing.last.durationTicks) * num) / den;
  return { ...facts, durationSeconds: facts.durationSeconds || Number(listedSeconds.toFixed(6)), video: { ...video, nominalFps } };
}

function withoutRanges(input: ScanInput, facts: SourceFacts, findings: readonly Finding[]): SourceScan {
  return { version: 1, id: input.inspectionId, facts, indexing: 'packets', first: null, last: null, ranges: [], findings };
}
