import { parseEncoders, parseFilters, parseVersion } from '../../src/adapters/ffmpeg/abilities.ts';
import { ProgressReader } from '../../src/adapters/ffmpeg/progress.ts';
import { parseBench, ToolLog } from '../../src/adapters/ffmpeg/tool-log.ts';
import { readDecodeTicks, readTrackIndex } from '../../src/media/cmaf/track-index.ts';
import { parseAacConfig } from '../../src/media/codecs/aac.ts';
import { parseAv1Config } from '../../src/media/codecs/av1.ts';
import { parseAvcConfig } from '../../src/media/codecs/avc.ts';
import { parseHevcConfig } from '../../src/media/codecs/hevc.ts';
import { writeMpd } from '../../src/media/dash/mpd.ts';
import { parseMpd } from '../../src/media/dash/parse-mpd.ts';
import { writeMediaPlaylist } from '../../src/media/hls/media-playlist.ts';
import { writeMultivariant } from '../../src/media/hls/multivariant.ts';
import { parseMediaPlaylist, parseMultivariant } from '../../src/media/hls/parse.ts';
import { rangeAnswer } from '../../src/media/http-range.ts';
import { memorySource } from '../../src/media/isobmff/byte-source.ts';
import { readSampleEntry } from '../../src/media/isobmff/sample-entry.ts';
import { decodeText } from '../../src/media/subtitles/decode-text.ts';
import { readSubtitles, type SubtitleForm, subtitleForm } from '../../src/media/subtitles/read.ts';
import { FrameHashReader } from '../../src/media/tool-output/frame-hash-lines.ts';
import { LineReader } from '../../src/media/tool-output/line-reader.ts';
import { type Cue, parseWebVtt, writeWebVtt } from '../../src/media/webvtt/cues.ts';
import { normaliseCues } from '../../src/media/webvtt/normalise.ts';
import { ScenelineError } from '../../src/model/errors.ts';
import { decodeIndexHeader, decodeIndexRecords, encodeIndexHeader, INDEX_RECORD_BYTES } from '../../src/model/frame-index.ts';
import { parseReport } from '../../src/model/report.ts';
import { titlePath } from '../../src/roles/watch/title-path.ts';
import { countComplaints } from '../../src/stages/inspect/decoder-complaints.ts';
import { JpegSplitter } from '../../src/stages/inspect/jpeg-splitter.ts';
import { parseLooks } from '../../src/stages/inspect/looks.ts';
import { parseLoudness } from '../../src/stages/inspect/loudness.ts';
import { parsePacketLine } from '../../src/stages/inspect/packet-line.ts';
import { parseProbeDocument } from '../../src/stages/inspect/probe-document.ts';
import { judgeFacts } from '../../src/stages/inspect/probe-findings.ts';
import { decodeRangeHeader, decodeRangeNotes, encodeRangeHeader, encodeRangeNotes } from '../../src/stages/inspect/range-object.ts';
import { RangePlanner } from '../../src/stages/inspect/range-planner.ts';
import { readFacts } from '../../src/stages/inspect/source-facts.ts';
import { DEFAULT_LADDER } from '../../src/stages/plan/ladder/default-ladder.ts';
import { loadLadder } from '../../src/stages/plan/ladder/load.ts';
import { AVC_ENTRY, AVCC, cmafFixture, ESDS, progressiveFixture, readAllSamples } from '../media/isobmff/fixture.ts';
import { bytesOf, defineWindow, display, italic, packet, penAt, readCea708 } from '../support/cea708.ts';
import { exampleReport } from '../support/example-report.ts';
import { seededRandom } from '../support/mangle-text.ts';
import { checkProportion } from '../support/proportion.ts';
import { examplePresentation } from '../support/tracks.ts';
import { corpusOf } from './corpus.ts';
import { mutate } from './mutate.ts';

/** A parser of ours: what it is fed at first, and how. It may throw RangeError or an error with a code; anything else is a bug, and so is a property that does not hold. */
export type Parser = {
  readonly name: string;
  readonly seeds: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  readonly feed: (bytes: Uint8Array) => unknown;
  /** How many inputs take as long as one of an ordinary parser. */
  readonly isSlow?: boolean;
};

const texts =
  (...all: readonly string[]) =>
  () =>
    all.map((text) => Buffer.from(text));
const bytes =
  (...all: readonly Uint8Array[]) =>
  () =>
    all;
const asText = (feed: (text: string) => unknown) => (input: Uint8Array) => feed(Buffer.from(input).toString('utf8'));

const VTT =
  'WEBVTT\n\nSTYLE\n::cue { color: red }\n\nNOTE x\n\n1\n00:00.500 --> 00:02.000 line:90% align:start\n<v Ann>Hello &amp; <i>you</i>\n\n01:00:00.000 --> 01:00:01.000\nb\n';
const SRT = '\ufeff1\r\n00:00:00,100 --> 00:00:00,900\r\n{\\an8}Hello & <i>you</i>\r\n\r\n2\r\n0:01,5 -> 0:02:3\r\n- a\r\n\r\n- b\r\n';
const ASS =
  '[Script Info]\nPlayResX: 384\nPlayResY: 288\n\n[V4+ Styles]\nFormat: Name, Alignment, MarginL\nStyle: Top,8,20\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nDialogue: 0,0:00:00.10,0:00:00.90,Top,,0,0,0,,{\\pos(10,20)\\i1}Hello{\\p1}m 1 1 l 2 2{\\p0}\\Nyou, too\n';
const PROBE = {
  streams: [
    {
      ...{
        index: 0,
        codec_name: 'h264',
        codec_type: 'video',
        width: 320,
        height: 180,
        pix_fmt: 'yuv420p',
        time_base: '1/12800',
        avg_frame_rate: '25/1',
        field_order: 'tt',
      },
      ...{ sample_aspect_ratio: '1:1', bits_per_raw_sample: '8', disposition: { default: 1 }, tags: { language: 'eng', title: 'x', rotate: '90' } },
      side_data_list: [{ side_data_type: 'Display Matrix', displaymatrix: '00000000: 0 65536 0\n00000001: -65536 0 0\n', rotation: -90 }],
    },
    { index: 1, codec_name: 'aac', codec_type: 'audio', channels: 2, sample_rate: '48000', start_time: '0.000000', disposition: { default: 1 } },
    { index: 2, codec_name: 'mov_text', codec_type: 'subtitle' },
  ],
  format: { format_name: 'mov,mp4', duration: '12.3', tags: { title: 'Film' } },
  chapters: [{ start_time: '0', end_time: '4', tags: { title: 'One' } }],
};
const CAPTIONS = Uint8Array.from(
  [
    [...defineWindow(0), ...penAt(1, 3), ...italic(true), ...bytesOf('<Hello>'), 0x0d, ...bytesOf('you')],
    [...display(0), ...defineWindow(7, { isVisible: true, anchorPoint: 4 }), 0x10, 0x39, 0x8c, 1],
    [0x80, 0x0d, ...bytesOf('more'), 0x8f],
  ].flatMap((block) => packet({ service: 2, bytes: [0x8f] }, { bytes: block })),
);
const HASHES =
  '#format: frame checksums\n#version: 2\n#hash: murmur3\n#tb 0: 1/12800\n0, 0, 0, 512, 43200, 00112233445566778899aabbccddeeff\n0, 512, 512, 512, 43200, ffeeddccbbaa99887766554433221100\n';
const LOG =
  '[Parsed_showinfo_2 @ 0x5] [info] n:   0 pts: 126000 pts_time:1.4 pos: 564 fmt:yuv420p sar:16/15 s:320x180 i:T iskey:1 type:I\n[Parsed_showinfo_2 @ 0x5] [info] color_range:tv color_space:bt709 color_primaries:bt709 color_trc:bt709\n' +
  '[info] bench: utime=1.5s stime=0.2s rtime=1s\n[info] bench: maxrss=1024kB\n[h264 @ 0x55] [error] error while decoding MB 3 4\n    Last message repeated 3 times\n[Parsed_ebur128_0 @ 0x1] [info] Summary:\n\n  Integrated loudness:\n    I:         -23.0 LUFS\n    LRA:         5.1 LU\n';
const PACKETS = '0,-512,512,K__\n512,0,512,___\n1024,N/A,512,_D_,Encryption info\nN/A,0,0,K__\nDisplay Matrix\n';
const NOTES = encodeRangeNotes({
  thumbnails: [{ ptsTicks: 1, sizeBytes: 5, content: null }],
  damaged: [],
  matchesListing: true,
  timesAscend: true,
  frameBytes: { sound: [9], damaged: [] },
  looks: [{ ptsTicks: 1, size: '320x180', sampleAspect: '1/1', isInterlaced: false, range: 'tv', matrix: 'unknown' }],
  turns: false,
});
const RANGE = Buffer.concat([encodeRangeHeader({ rangeIndex: 0, frameCount: 0, notesBytes: NOTES.byteLength, thumbnailBytes: 5 }), NOTES, Buffer.alloc(5)]);
const JPEG = Buffer.from('ffd8ffdb0004ffd9ffda00020 1ff0002ffd303ffd9'.replaceAll(' ', ''), 'hex');

/** Cues that were cleaned and written as WebVTT come back as they were. */
function cleanText(text: string, form: SubtitleForm): void {
  subtitleForm(text);
  writeAndReadAgain(readSubtitles(text, form));
}

function writeAndReadAgain(written: readonly Cue[]): void {
  const cues = normaliseCues(written, 0);
  if (cues.length === 0) return;
  const again = parseWebVtt(textOf(cues));
  if (JSON.stringify(again) !== JSON.stringify(cues))
    throw new Error(`cues changed: ${JSON.stringify(cues).slice(0, 300)} became ${JSON.stringify(again).slice(0, 300)}`);
}

/** Clean cues can be written: a refusal is a fault here. */
function textOf(cues: readonly Cue[]): string {
  try {
    return writeWebVtt(cues);
  } catch (error) {
    throw new Error(`clean cues are refused: ${JSON.stringify(cues).slice(0, 300)}`, { cause: error });
  }
}

/** Ten triplets beside each picture. */
function readCaptions(input: Uint8Array): void {
  const pieceBytes = 30;
  const pieces = Array.from({ length: Math.ceil(input.length / pieceBytes) }, (_, i) => ({
    ptsMs: 40 * i,
    triplets: input.subarray(pieceBytes * i, pieceBytes * (i + 1)),
  }));
  writeAndReadAgain(readCea708([...pieces, { ptsMs: 40 * pieces.length, triplets: new Uint8Array() }]));
}

/** Every listed picture is in one range, ranges ascend. */
function planRanges(text: string): void {
  const planner = new RangePlanner({ num: 1, den: 1000 }, 1);
  const lines = new LineReader((line) => {
    const packet = parsePacketLine(line);
    if (packet) planner.add(packet);
  });
  lines.write(Buffer.from(text));
  lines.end();
  const { ranges, packetCount, missingPtsCount } = planner.finish();
  if (ranges.reduce((sum, range) => sum + range.packetCount, 0) !== packetCount - missingPtsCount) throw new Error('pictures are lost between ranges');
  if (ranges.some(({ startPtsTicks, endPtsTicks }) => endPtsTicks !== null && endPtsTicks <= (startPtsTicks ?? Number.NEGATIVE_INFINITY)))
    throw new Error('ranges run backwards');
}

/** Findings and facts hold no character that steers a terminal or a reader's eye. */
function judgeProbe(text: string): void {
  const probed = readFacts(parseProbeDocument(text));
  JSON.stringify([judgeFacts(probed), probed.facts], (_, value) => {
    if (typeof value === 'string' && /[\p{Cc}\p{Cf}]/u.test(value)) throw new Error(`unprintable: ${JSON.stringify(value)}`);
    return value;
  });
}

function readLog(input: Uint8Array): void {
  const log = new ToolLog();
  const progress = new ProgressReader(() => {});
  for (const part of [input.subarray(0, input.length >> 1), input.subarray(input.length >> 1)]) {
    log.write(part);
    progress.write(part);
  }
  log.end();
  if (/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(log.text)) throw new Error('a character that steers or misleads is left in a log');
  for (const read of [parseBench, parseLoudness, parseLooks, parseVersion, parseEncoders, parseFilters]) read(log.text);
  countComplaints({ errorLines: log.errorLines, log: log.text }, 'mov,mp4');
}

function readHashes(input: Uint8Array): void {
  const reader = new FrameHashReader({ num: 1, den: 12_800 }, () => {});
  reader.write(input);
  reader.end();
}

function splitJpegs(input: Uint8Array): void {
  const splitter = new JpegSplitter(() => {});
  for (let at = 0; at < input.length; at += 7) splitter.write(input.subarray(at, at + 7));
  splitter.end();
}

function readRange(input: Uint8Array): void {
  const { notesBytes, thumbnailBytes } = decodeRangeHeader(input, input.byteLength);
  decodeRangeNotes(input.subarray(input.byteLength - thumbnailBytes - notesBytes, input.byteLength - thumbnailBytes), thumbnailBytes);
}

function readIndex(input: Uint8Array): void {
  decodeIndexHeader(input);
  decodeIndexRecords(input.subarray(64));
}

/** A path stays inside its folder. */
function pathInside(text: string): void {
  const path = titlePath(text);
  if (path !== null && (path.startsWith('/') || path.split('/').includes('..') || /[\\\p{Cc}]/u.test(path)))
    throw new Error(`a path climbs: ${JSON.stringify(path)}`);
}

function answerRange(text: string): void {
  const answer = rangeAnswer(text, 100, 'x', undefined);
  if (answer.status === 206 && !(answer.start >= 0 && answer.start < answer.endExclusive && answer.endExclusive <= 100))
    throw new Error(JSON.stringify(answer));
}

const presentation = examplePresentation();

export const PARSERS: readonly Parser[] = [
  { name: 'isobmff', isSlow: true, seeds: () => Promise.all([progressiveFixture(), cmafFixture()]), feed: (input) => readAllSamples(memorySource(input)) },
  {
    name: 'track-index',
    seeds: async () => [(await cmafFixture()).subarray(0, 900)],
    feed: (input) => [readTrackIndex(input, 0, 100_000), readDecodeTicks(input)],
  },
  { name: 'sample-entry', seeds: bytes(AVC_ENTRY), feed: readSampleEntry },
  { name: 'avc', seeds: bytes(AVCC), feed: parseAvcConfig },
  {
    name: 'hevc',
    seeds: bytes(Buffer.from('0101600000009000000000007 8f000fcfdf8f800000f03a000010002 4001a1000100024201a2000100024401'.replaceAll(' ', ''), 'hex')),
    feed: parseHevcConfig,
  },
  { name: 'av1', seeds: bytes(Buffer.from('81080c00', 'hex')), feed: parseAv1Config },
  { name: 'aac', seeds: bytes(ESDS), feed: parseAacConfig },
  {
    name: 'frame-index',
    seeds: bytes(Buffer.concat([encodeIndexHeader({ frameCount: 1, timeBase: { num: 1, den: 25 }, endPtsTicks: 1 }), Buffer.alloc(INDEX_RECORD_BYTES)])),
    feed: readIndex,
  },
  { name: 'range-object', seeds: bytes(RANGE), feed: readRange },
  { name: 'ladder', seeds: texts(JSON.stringify(DEFAULT_LADDER), '{"rungs":[]}'), feed: asText(loadLadder) },
  { name: 'report', seeds: texts(JSON.stringify(exampleReport())), feed: asText(parseReport) },
  { name: 'mpd', isSlow: true, seeds: texts(writeMpd(presentation)), feed: asText(parseMpd) },
  { name: 'media-playlist', seeds: texts(writeMediaPlaylist(presentation.tracks[0], 5)), feed: asText(parseMediaPlaylist) },
  { name: 'multivariant', seeds: texts(writeMultivariant(presentation)), feed: asText(parseMultivariant) },
  { name: 'webvtt', seeds: texts(VTT), feed: asText((text) => cleanText(text, 'webvtt')) },
  { name: 'subrip', seeds: texts(SRT), feed: asText((text) => cleanText(text, 'subrip')) },
  { name: 'ass', seeds: texts(ASS), feed: asText((text) => cleanText(text, 'ass')) },
  { name: 'captions', seeds: bytes(CAPTIONS), feed: readCaptions },
  {
    name: 'text-encodings',
    seeds: bytes(...[SRT, SRT.slice(1), 'ł\nż'].flatMap((text) => [Buffer.from(text), Buffer.from(text, 'utf16le'), Buffer.from(text, 'latin1')])),
    feed: (input) => ['pl', 'ja', 'zh-TW', 'xx'].map((language) => decodeText(input, language)),
  },
  { name: 'probe', isSlow: true, seeds: texts(JSON.stringify(PROBE)), feed: asText(judgeProbe) },
  { name: 'packets', seeds: texts(PACKETS), feed: asText(planRanges) },
  { name: 'frame-hashes', seeds: texts(HASHES), feed: readHashes },
  { name: 'tool-log', seeds: texts(LOG, 'ffmpeg version 5.1.9-0+deb12u1\nframe=3\nprogress=end\n V..... libx264 x\n T.. scale V->V x\n'), feed: readLog },
  { name: 'jpegs', seeds: bytes(JPEG), feed: splitJpegs },
  { name: 'http-range', seeds: texts('bytes=0-9', 'bytes=-5', 'bytes=99999999999999999999-'), feed: asText(answerRange) },
  { name: 'title-path', seeds: texts('a/b.mp4', '%2e%2e/x', 'a%5Cb', '%'), feed: asText(pathInside) },
];

/** What parsers with patterns in them look for, and so may look for again and again. */
const RUNS = [' ', '\t', '\n', '\r\n', '<', '<a', '&', '{\\', '\\N', '-', '0', '1 ', ':', ',', '.', '/', '"', '[', '#', '\0', '\u00e9'];
const RUN_BYTES = 16_384;
const RUN_PLACES = 5;
/** A run that is read sooner is not worth measuring. */
const QUICK_MS = 30;

/** Puts long runs of one thing into the parser's first input, at several places. Throws when one takes far more than in proportion to its length. */
export async function checkLongRuns(parser: Parser): Promise<void> {
  const [seed] = await parser.seeds();
  for (const run of RUNS) {
    for (let place = 0; place <= RUN_PLACES; place++) {
      const cut = Math.floor((seed.byteLength * place) / RUN_PLACES);
      const inputOf = (size: number) => Buffer.concat([seed.subarray(0, cut), Buffer.from(`x${run.repeat(size / run.length)}x`), seed.subarray(cut)]);
      const feed = async (size: number) => faultOf(parser, inputOf(size));
      const startedMs = performance.now();
      await feed(RUN_BYTES);
      if (performance.now() - startedMs < QUICK_MS) continue;
      await checkProportion(RUN_BYTES, feed).catch(({ message }: Error) => {
        throw new Error(`${JSON.stringify(run)} at byte ${cut}: ${message}`);
      });
    }
  }
}

export type ParserFault = { readonly words: string; readonly line: string };

const SLOW_SHARE = 10;
/** On a busy machine too; a parser that takes this long for a few kilobytes grows with the square of them. */
const LONGEST_MS = 5000;

/** Feeds a parser its corpus and then `count` inputs made from it. Ends at the first fault. */
export async function fuzzParser(parser: Parser, seed: number, count: number): Promise<{ tried: number; fault: ParserFault | null }> {
  const random = seededRandom(seed);
  const pool = [...(await parser.seeds()), ...corpusOf(parser.name)];
  const wanted = parser.isSlow ? Math.ceil(count / SLOW_SHARE) : count;
  for (let tried = 0; tried < pool.length + wanted; tried++) {
    const input = tried < pool.length ? pool[tried] : mutate(pool, random);
    const fault = await faultOf(parser, input);
    if (fault !== null) return { tried: tried + 1, fault };
  }
  return { tried: pool.length + wanted, fault: null };
}

async function faultOf(parser: Parser, input: Uint8Array): Promise<ParserFault | null> {
  const line = Buffer.from(input).toString('hex');
  const startedMs = performance.now();
  try {
    await parser.feed(input);
  } catch (error) {
    const isExpected = error instanceof RangeError || (error instanceof ScenelineError && !error.code.startsWith('SL-9'));
    if (!isExpected) return { words: error instanceof Error ? (error.stack ?? error.message) : String(error), line };
    if (error instanceof RangeError && /call stack|Invalid (?:array|typed array|string) length|Array buffer allocation/.test(error.message))
      return { words: error.message, line };
  }
  const tookMs = performance.now() - startedMs;
  return tookMs > LONGEST_MS ? { words: `took ${Math.round(tookMs)} ms for ${input.byteLength} bytes`, line } : null;
}
