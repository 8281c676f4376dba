import { type CaptionData, readCea708 } from '../../media/captions/cea708.ts';
import type { TextRendition } from '../../media/cmaf/presentation.ts';
import { readSubtitles } from '../../media/subtitles/read.ts';
import { ticksToSeconds } from '../../media/time.ts';
import { FrameHashReader } from '../../media/tool-output/frame-hash-lines.ts';
import { type Cue, writeWebVtt } from '../../media/webvtt/cues.ts';
import { normaliseCues } from '../../media/webvtt/normalise.ts';
import type { Finding } from '../../model/finding.ts';
import { type MediaInput, sourceArguments } from '../../model/media-input.ts';
import type { TextPlan } from '../../model/plan.ts';
import type { StageContext } from '../../ports/stage-context.ts';

export type TextInput = {
  readonly source: MediaInput;
  readonly text: TextPlan;
  /** Added to the times of the source's own clock to get the title's; whole milliseconds, usually negative or zero. */
  readonly shiftMs: number;
  /** Blob key of the WebVTT file. */
  readonly outKey: string;
};

export type TextObject = {
  readonly rendition: TextRendition;
  readonly objectKey: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly cueCount: number;
};

/** A track that would be too much, or is no text after all, does not stop a film: it is left out, and that is said. */
export type ExtractedText = { readonly text: TextObject } | { readonly leftOut: Finding };

const MAX_BYTES = 64 * 1024 * 1024;
/** The tool reads the whole source for a few kilobytes of text. */
const LIMITS = { stallMs: 300_000, wallMs: 6 * 3_600_000 };

/** How the tool writes each form. What is ASS, or decodes to it, keeps all that it says; WebVTT is handed on as it is. */
const OUTPUTS = {
  subrip: ['-c:s', 'subrip', '-f', 'srt'],
  ass: ['-c:s', 'ass', '-f', 'ass'],
  webvtt: ['-c:s', 'copy', '-f', 'webvtt'],
} as const;
/** Captions of CEA-608 as the tool decodes them; and all that came beside the pictures, with the time and size of each piece. */
const CAPTION_PIPES = { decoded: 1, sizes: 3, data: 4 } as const;
/** Written by us, so that the tool's `movie` source, which knows no allow-lists, sees a name and a container of ours only. */
const PICTURES_FILE = 'captioned.nut';

/** Times stay on the source's own clock (`-copyts`), so that the shift is ours and exact. */
export function textArguments(source: MediaInput, { streamIndex, form }: Pick<TextPlan, 'streamIndex' | 'form'>): string[] {
  return ['-copyts', ...sourceArguments(source), '-map', `0:${streamIndex}`, ...OUTPUTS[writtenForm(form)], '-flush_packets', '1', 'pipe:1'];
}

/** The coded pictures of a source, as they are and at their own times, in a file of the scratch folder. */
export function picturesArguments(source: MediaInput, streamIndex: number | null): string[] {
  return ['-y', '-copyts', ...sourceArguments(source), '-map', `0:${streamIndex}`, '-c', 'copy', '-f', 'nut', PICTURES_FILE];
}

/** Captions from beside the pictures of that file. */
function captionArguments(): string[] {
  const track = ['-map', '0:s:0'];
  const [decoded, sizes, data] = Object.values(CAPTION_PIPES).map((fd) => ['-flush_packets', '1', `pipe:${fd}`]);
  return [
    ...['-copyts', '-f', 'lavfi', '-i', `movie=${PICTURES_FILE}[out0+subcc]`],
    ...[...track, ...OUTPUTS.ass, ...decoded],
    ...[...track, '-c', 'copy', '-f', 'framehash', '-hash', 'adler32', ...sizes],
    ...[...track, '-c', 'copy', '-f', 'data', ...data],
  ];
}

/** The form that the tool writes what is planned in. */
function writtenForm(form: TextPlan['form']): keyof typeof OUTPUTS {
  return form === 'captions' ? 'ass' : (form ?? 'subrip');
}

/**
 * Takes one text track out of the source as a clean WebVTT file on the title's timeline. Captions beside pictures are those of CEA-608, and where there are none those of CEA-708.
 * Left out with SL-232 when it is too much or no text. Throws SL-301 when the tool fails.
 */
export async function extractText(input: TextInput, ctx: StageContext): Promise<ExtractedText> {
  const { source, text, shiftMs } = input;
  const isBeside = text.form === 'captions';
  if (isBeside) {
    const args = picturesArguments(source, text.streamIndex);
    const { cpuSeconds } = await ctx.tools.run({ tool: 'ffmpeg', args, cwd: ctx.scratchDir, limits: LIMITS, signal: ctx.signal });
    ctx.spend('package', cpuSeconds);
  }
  const written = await runBounded(isBeside ? captionArguments() : textArguments(source, text), isBeside ? Object.values(CAPTION_PIPES) : [1], ctx);
  if (written === null) return leftOut(text, `are more than ${MAX_BYTES} bytes`);
  try {
    const cues = normaliseCues(readSubtitles(written[1].toString('utf8'), writtenForm(text.form)), shiftMs);
    if (!isBeside || cues.length > 0) return { text: await storeText(cues, input, ctx) };
    const data = piecesOf(written[CAPTION_PIPES.sizes], written[CAPTION_PIPES.data]);
    return { text: await storeText(normaliseCues(readCea708(data), shiftMs), input, ctx) };
  } catch (error) {
    if (error instanceof RangeError) return leftOut(text, `cannot be read (${error.message})`);
    throw error;
  }
}

/** What the tool wrote on each of its outputs; null when that was too much. */
async function runBounded(args: readonly string[], fds: readonly number[], ctx: StageContext): Promise<{ readonly [fd: number]: Buffer } | null> {
  const tooMuch = new AbortController();
  const parts = new Map<number, Uint8Array[]>(fds.map((fd) => [fd, []]));
  let sizeBytes = 0;
  const outputOf = (fd: number) => (bytes: Uint8Array) => {
    sizeBytes += bytes.byteLength;
    if (sizeBytes > MAX_BYTES) tooMuch.abort();
    else parts.get(fd)!.push(bytes);
  };
  const outputs = Object.fromEntries(fds.map((fd) => [fd, outputOf(fd)]));
  const signal = AbortSignal.any([ctx.signal, tooMuch.signal]);
  try {
    const { cpuSeconds } = await ctx.tools.run({ tool: 'ffmpeg', args, cwd: ctx.scratchDir, outputs, limits: LIMITS, signal });
    ctx.spend('package', cpuSeconds);
  } catch (error) {
    if (!tooMuch.signal.aborted || ctx.signal.aborted) throw error;
    return null;
  }
  return Object.fromEntries([...parts].map(([fd, bytes]) => [fd, Buffer.concat(bytes)]));
}

/** Data as it came, cut where the tool says that one piece ends. Throws RangeError when they do not belong together. */
function piecesOf(sizes: Uint8Array, data: Uint8Array): CaptionData[] {
  const pieces: CaptionData[] = [];
  let at = 0;
  const reader = new FrameHashReader(null, ({ ptsTicks, sizeBytes }) => {
    if (reader.timeBase === null) throw new RangeError('captions have no time base');
    const ptsMs = Math.round(1000 * ticksToSeconds(ptsTicks, reader.timeBase));
    pieces.push({ ptsMs, triplets: data.subarray(at, at + sizeBytes) });
    at += sizeBytes;
  });
  reader.write(sizes);
  reader.end();
  if (at !== data.byteLength) throw new RangeError(`captions of ${at} bytes have ${data.byteLength}`);
  return pieces;
}

/** Writes cues as the WebVTT file of a text rendition. */
export async function storeText(cues: readonly Cue[], { text, outKey }: Pick<TextInput, 'text' | 'outKey'>, ctx: StageContext): Promise<TextObject> {
  const facts = await ctx.blobs.put(outKey, Buffer.from(writeWebVtt(cues)));
  const { name, language, title, isDefault, isForced, role } = text;
  const rendition = { name, file: `${name}.vtt`, language, title, isDefault, isForced, ...(role ? { role } : {}) };
  return { rendition, objectKey: outKey, sizeBytes: facts.sizeBytes, sha256: facts.sha256, cueCount: cues.length };
}

function leftOut({ streamIndex }: TextPlan, why: string): ExtractedText {
  const place = streamIndex === null ? {} : { streamIndex };
  return { leftOut: { code: 'SL-232', severity: 'warn', place, message: `These subtitles ${why} and are left out.` } };
}
