import type { TextRendition } from '../../media/cmaf/presentation.ts';
import { parseWebVtt, writeWebVtt } from '../../media/webvtt/cues.ts';
import { normaliseCues } from '../../media/webvtt/normalise.ts';
import { ScenelineError } from '../../model/errors.ts';
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

const MAX_BYTES = 64 * 1024 * 1024;
/** The tool reads the whole source for a few kilobytes of text. */
const LIMITS = { stallMs: 300_000, wallMs: 6 * 3_600_000 };

/** Times stay on the source's own clock (`-copyts`), so that the shift is ours and exact. */
export function textArguments(source: MediaInput, streamIndex: number): string[] {
  return ['-copyts', ...sourceArguments(source), '-map', `0:${streamIndex}`, '-c:s', 'webvtt', '-flush_packets', '1', '-f', 'webvtt', 'pipe:1'];
}

/**
 * Takes one text track out of the source as a clean WebVTT file on the title's timeline.
 * Throws SL-301 when the tool fails, or writes something else or too much.
 */
export async function extractText(input: TextInput, ctx: StageContext): Promise<TextObject> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  const tooMuch = new AbortController();
  const run = ctx.tools.run({
    tool: 'ffmpeg',
    args: textArguments(input.source, input.text.streamIndex),
    cwd: ctx.scratchDir,
    outputs: {
      1: (bytes) => {
        sizeBytes += bytes.byteLength;
        if (sizeBytes > MAX_BYTES) tooMuch.abort();
        else parts.push(bytes);
      },
    },
    limits: LIMITS,
    signal: AbortSignal.any([ctx.signal, tooMuch.signal]),
  });
  const { cpuSeconds } = await run.catch((error) => {
    throw tooMuch.signal.aborted && !ctx.signal.aborted ? unusable(input, `is larger than ${MAX_BYTES} bytes`) : error;
  });
  ctx.spend('package', cpuSeconds);
  const cues = cuesOf(Buffer.concat(parts).toString('utf8'), input);
  const facts = await ctx.blobs.put(input.outKey, Buffer.from(writeWebVtt(cues)));
  const { name, language, title, isDefault, isForced } = input.text;
  const rendition = { name, file: `${name}.vtt`, language, title, isDefault, isForced };
  return { rendition, objectKey: input.outKey, sizeBytes: facts.sizeBytes, sha256: facts.sha256, cueCount: cues.length };
}

function cuesOf(written: string, input: TextInput) {
  try {
    return normaliseCues(parseWebVtt(written), input.shiftMs);
  } catch (error) {
    if (error instanceof RangeError) throw unusable(input, `cannot be read (${error.message})`);
    throw error;
  }
}

function unusable(input: TextInput, why: string): ScenelineError {
  return new ScenelineError('SL-301', `The text of stream ${input.text.streamIndex} ${why}.`, { evidence: {} });
}
