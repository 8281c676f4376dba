import type { Finding } from '../../model/finding.ts';
import { inspectionKeys } from '../../model/inspection.ts';
import type { MediaInput } from '../../model/media-input.ts';
import type { SourceFacts, VideoTrack } from '../../model/source.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { firstPictureArgs, parseFirstPicture, wantsFirstPicture, withFirstPicture } from './first-picture.ts';
import { FrameHashReader } from './frame-hash-lines.ts';
import { DECODING_LIMITS, LISTING_LIMITS, PROBE_LIMITS } from './limits.ts';
import { LineReader } from './line-reader.ts';
import { packetListingArgs, parsePacketLine } from './packet-line.ts';
import { DocumentBytes, parseProbeDocument, probeArgs } from './probe-document.ts';
import { finding, judgeFacts, judgeTools } from './probe-findings.ts';
import { type Listing, RangePlanner, singleRange } from './range-planner.ts';
import { isRefused, type SourceScan } from './scan.ts';
import { type ProbedFacts, readFacts } from './source-facts.ts';
import { refusalOfTool } from './tool-failure.ts';
import { listMatchesTrial, trialArgs } from './trial.ts';

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
 * Collects findings; a scan with a refusing one has no ranges. Stores the scan, and gives a stored one back.
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
  if (input.sourceBytes === 0) return refused(input, NOTHING_KNOWN, [finding('refuse', 'SL-201', 'The file is empty.')]);
  const document = new DocumentBytes();
  const refusal = await runOrRefuse(ctx, 'ffprobe', probeArgs(input.source), (bytes) => document.write(bytes), PROBE_LIMITS);
  if (refusal.words !== null) {
    return refused(input, NOTHING_KNOWN, [finding('refuse', 'SL-202', `The file cannot be read as a video container: ${refusal.words}`)]);
  }
  const probed = await lookAtFirstPicture(input, readFacts(parseProbeDocument(document.text)), ctx);
  const findings = [...judgeFacts(probed), ...judgeTools(probed.facts.video, ctx.tools.abilities.filters)];
  const { facts } = probed;
  if (facts.video === null || isRefused(findings)) return refused(input, facts, findings);
  const { listing, errorLines } = await listPackets(input, facts.video, facts.durationSeconds, ctx);
  findings.push(...judgeListing(listing, errorLines, facts.video));
  if (isRefused(findings)) return refused(input, facts, findings);
  return scanOfListing(input, facts, facts.video, listing, findings, ctx);
}

async function scanOfListing(
  input: ScanInput,
  facts: SourceFacts,
  video: VideoTrack,
  listing: Listing,
  findings: Finding[],
  ctx: StageContext,
): Promise<SourceScan> {
  const place = { streamIndex: video.streamIndex };
  const decoded = await decodeTrial(input, video, ctx);
  if (typeof decoded === 'string')
    return refused(input, facts, [...findings, finding('refuse', 'SL-204', `The picture track cannot be decoded: ${decoded}`, place)]);
  const isTrusted = listing.missingPtsCount === 0 && listing.keysAscend && listMatchesTrial(listing.leadPtsTicks, decoded);
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

type ToolEnd = { readonly words: string | null; readonly errorLines: readonly string[] };

/** `words` is the tool's complaint when it refused the file. */
async function runOrRefuse(
  ctx: StageContext,
  tool: 'ffmpeg' | 'ffprobe',
  args: readonly string[],
  onBytes: (bytes: Uint8Array) => void,
  limits: { readonly stallMs: number; readonly wallMs: number },
): Promise<ToolEnd> {
  try {
    const run = await ctx.tools.run({ tool, args, outputs: { 1: onBytes }, cwd: ctx.scratchDir, limits, signal: ctx.signal });
    ctx.spend('inspect', run.cpuSeconds);
    return { words: null, errorLines: run.errorLines };
  } catch (error) {
    const words = refusalOfTool(error);
    if (words === null) throw error;
    return { words, errorLines: [] };
  }
}

async function listPackets(
  input: ScanInput,
  video: VideoTrack,
  durationSeconds: number,
  ctx: StageContext,
): Promise<{ listing: Listing; errorLines: readonly string[] }> {
  const planner = new RangePlanner(video.timeBase, input.rangeSeconds ?? rangeSecondsFor(durationSeconds));
  const lines = new LineReader((line) => {
    const packet = parsePacketLine(line);
    if (packet) planner.add(packet);
  });
  const args = packetListingArgs(input.source, video.streamIndex);
  const end = await runOrRefuse(ctx, 'ffprobe', args, (bytes) => lines.write(bytes), LISTING_LIMITS);
  lines.end();
  return { listing: planner.finish(), errorLines: end.words === null ? end.errorLines : [end.words] };
}

/** @param durationSeconds zero when nobody knows */
function rangeSecondsFor(durationSeconds: number): number {
  if (durationSeconds <= 0) return RANGE_SECONDS.most;
  return Math.min(RANGE_SECONDS.most, Math.max(RANGE_SECONDS.least, durationSeconds / RANGES_WANTED));
}

/** What the demuxers for MP4 and Matroska say when the file ends before its own tables do. */
const ENDS_EARLY = /offset 0x[0-9a-f]+: partial file|File ended prematurely/;

function judgeListing(listing: Listing, errorLines: readonly string[], video: VideoTrack): Finding[] {
  const place = { streamIndex: video.streamIndex };
  const found: Finding[] = [];
  if (listing.isEncrypted) found.push(finding('refuse', 'SL-205', 'The picture track is encrypted.', place));
  if (listing.packetCount === 0) found.push(finding('refuse', 'SL-207', 'The picture track has no pictures to show.', place));
  if (errorLines.some((line) => ENDS_EARLY.test(line))) {
    found.push(finding('refuse', 'SL-208', `The file ends early: only ${listing.packetCount} pictures can be read.`, place));
  }
  if (listing.discardedCount > 0) {
    found.push(finding('warn', 'SL-227', `An edit list hides ${listing.discardedCount} coded pictures; they are left out, as in a player.`, place));
  }
  return found;
}

/** Times of the first decoded pictures, or why there are none. */
async function decodeTrial(input: ScanInput, video: VideoTrack, ctx: StageContext): Promise<readonly number[] | string> {
  const ptsTicks: number[] = [];
  const reader = new FrameHashReader(video.timeBase, (frame) => ptsTicks.push(frame.ptsTicks));
  const args = trialArgs(input.source, video.streamIndex, video.timeBase);
  const end = await runOrRefuse(ctx, 'ffmpeg', args, (bytes) => reader.write(bytes), DECODING_LIMITS);
  reader.end();
  if (ptsTicks.length > 0) return ptsTicks;
  return end.words ?? 'no picture came out of the decoder';
}

/** Pace and length as the listing has them: containers round or guess. */
function withListedTimes(facts: SourceFacts, video: VideoTrack, listing: Listing): SourceFacts {
  if (!listing.first || !listing.last || listing.packetCount < 2) return facts;
  const spanTicks = listing.last.ptsTicks - listing.first.ptsTicks;
  const { num, den } = video.timeBase;
  const nominalFps = Number((((listing.packetCount - 1) * den) / (spanTicks * num)).toFixed(6));
  const listedSeconds = ((spanTicks + listing.last.durationTicks) * num) / den;
  return { ...facts, durationSeconds: facts.durationSeconds || Number(listedSeconds.toFixed(6)), video: { ...video, nominalFps } };
}

function refused(input: ScanInput, facts: SourceFacts, findings: readonly Finding[]): SourceScan {
  return { version: 1, id: input.inspectionId, facts, indexing: 'packets', first: null, last: null, ranges: [], findings };
}
