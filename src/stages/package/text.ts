import { Cea708Reader } from '../../media/captions/cea708.ts';
import type { TextRendition } from '../../media/cmaf/presentation.ts';
import { readSubtitles, type SubtitleForm } from '../../media/subtitles/read.ts';
import { type Cue, writeWebVtt } from '../../media/webvtt/cues.ts';
import { normaliseCues } from '../../media/webvtt/normalise.ts';
import type { Finding } from '../../model/finding.ts';
import { type MediaInput, sourceArguments } from '../../model/media-input.ts';
import type { TextPlan } from '../../model/plan.ts';
import type { MediaCommand } from '../../ports/media-tools.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { CaptionPieces } from './caption-pieces.ts';

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
/** Else the tool moves a track that begins before zero until it begins at zero. */
const OWN_TIMES = ['-avoid_negative_ts', 'disabled'];
/** Written by us, so that the tool's `movie` source, which knows no allow-lists, sees a name and a container of ours only. */
const PICTURES_FILE = 'captioned.nut';
/** Seconds that the pictures of that file are late: NUT has no times before zero, and no film is longer. */
const PICTURES_LATE = 24 * 3600;

/** Times stay on the source's own clock (`-copyts`), so that the shift is ours and exact. */
export function textArguments(source: MediaInput, { streamIndex, form }: Pick<TextPlan, 'streamIndex'> & { readonly form?: SubtitleForm }): string[] {
  return ['-copyts', ...sourceArguments(source), '-map', `0:${streamIndex}`, ...OUTPUTS[form ?? 'subrip'], ...OWN_TIMES, '-flush_packets', '1', 'pipe:1'];
}

/** The coded pictures of a source, as they are and `PICTURES_LATE` after their own times, in a file of the scratch folder. */
export function picturesArguments(source: MediaInput, streamIndex: number | null): string[] {
  const late = [...OWN_TIMES, '-output_ts_offset', String(PICTURES_LATE)];
  return ['-y', '-copyts', ...sourceArguments(source), '-map', `0:${streamIndex}`, '-c', 'copy', ...late, '-f', 'nut', PICTURES_FILE];
}

/** Captions from beside the pictures of that file, at the source's own times. */
function captionArguments(): string[] {
  const track = ['-map', '0:s:0', ...OWN_TIMES];
  const [decoded, sizes, data] = Object.values(CAPTION_PIPES).map((fd) => ['-flush_packets', '1', `pipe:${fd}`]);
  return [
    ...['-copyts', '-itsoffset', String(-PICTURES_LATE), '-f', 'lavfi', '-i', `movie=${PICTURES_FILE}[out0+subcc]`],
    ...[...track, ...OUTPUTS.ass, ...decoded],
    ...[...track, '-c', 'copy', '-f', 'framehash', '-hash', 'adler32', ...sizes],
    ...[...track, '-c', 'copy', '-f', 'data', ...data],
  ];
}

/**
 * Takes one text track out of the source as a clean WebVTT file on the title's timeline. Left out with SL-232 when it is too much or no text. Throws SL-301 when the tool fails.
 */
export async function extractText(input: TextInput, ctx: StageContext): Promise<ExtractedText> {
  const { source, text, shiftMs } = input;
  try {
    const { form = 'subrip', streamIndex } = text;
    const cues = form === 'captions' ? await captionsOf(input, ctx) : await cuesOf(textArguments(source, { streamIndex, form }), form, ctx);
    return { text: await storeText(normaliseCues(cues, shiftMs), input, ctx) };
  } catch (error) {
    if (error instanceof TooMuch) return leftOut(text, `are more than ${MAX_BYTES} bytes`);
    if (error instanceof RangeError) return leftOut(text, `cannot be read (${error.message})`);
    throw error;
  }
}

/** Captions of CEA-608, and where there are none those of CEA-708. */
async function captionsOf({ source, text }: TextInput, ctx: StageContext): Promise<readonly Cue[]> {
  const args = picturesArguments(source, text.streamIndex);
  const { cpuSeconds } = await ctx.tools.run({ tool: 'ffmpeg', args, cwd: ctx.scratchDir, limits: LIMITS, signal: ctx.signal });
  ctx.spend('package', cpuSeconds);
  const reader = new Cea708Reader();
  const pieces = new CaptionPieces((piece) => reader.add(piece));
  const cues = await cuesOf(captionArguments(), 'ass', ctx, {
    [CAPTION_PIPES.sizes]: (bytes) => pieces.writeSizes(bytes),
    [CAPTION_PIPES.data]: (bytes) => pieces.writeData(bytes),
  });
  if (cues.length > 0) return cues;
  pieces.end();
  return reader.end();
}

class TooMuch extends Error {}

/** What the tool writes in that form on its first output. Throws TooMuch beyond `MAX_BYTES`, RangeError when it is not in that form. */
async function cuesOf(args: readonly string[], form: SubtitleForm, ctx: StageContext, further: MediaCommand['outputs'] = {}): Promise<readonly Cue[]> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  const tooMuch = new AbortController();
  const take = (bytes: Uint8Array) => {
    sizeBytes += bytes.byteLength;
    if (sizeBytes > MAX_BYTES) tooMuch.abort();
    else parts.push(bytes);
  };
  const signal = AbortSignal.any([ctx.signal, tooMuch.signal]);
  try {
    const { cpuSeconds } = await ctx.tools.run({ tool: 'ffmpeg', args, cwd: ctx.scratchDir, outputs: { ...further, 1: take }, limits: LIMITS, signal });
    ctx.spend('package', cpuSeconds);
  } catch (error) {
    if (!tooMuch.signal.aborted || ctx.signal.aborted) throw error;
    throw new TooMuch();
  }
  return readSubtitles(Buffer.concat(parts).toString('utf8'), form);
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
