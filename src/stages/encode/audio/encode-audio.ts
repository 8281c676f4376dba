import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MediaInput } from '../../../model/media-input.ts';
import type { AudioPlan } from '../../../model/plan.ts';
import type { StageContext } from '../../../ports/stage-context.ts';
import { audioArguments, encodedForm } from './arguments.ts';
import { readable } from './even-copy.ts';
import { audioLimits } from './limits.ts';
import { validateAudio } from './validate-audio.ts';

export type EncodeAudioInput = {
  readonly source: MediaInput;
  readonly audio: AudioPlan;
  /** Where the title's zero stands on the source's clock. */
  readonly originSeconds: number;
  readonly outKey: string;
};

export type EncodedAudio = {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Proof: seconds compared with the source, and the largest displacement and the lowest resemblance found there. */
  readonly comparedSeconds: number;
  readonly offsetMs: number;
  readonly lowestCorrelation: number;
};

/**
 * Encodes one audio rendition over the whole title in one process, proves it against the source and stores it (AAC-LC in MP4).
 * The same input makes the same bytes on every machine with the same ffmpeg. Throws SL-301 when the tool fails, SL-304 when the sound is not proven.
 */
export async function encodeAudio(input: EncodeAudioInput, ctx: StageContext): Promise<EncodedAudio> {
  const { audio, source, originSeconds } = input;
  const outPath = join(ctx.scratchDir, `${audio.name}.m4a`);
  const limits = audioLimits((audio.leadSamples + audio.sampleCount) / audio.sampleRate);
  const read = await readable({ source, audio, form: encodedForm(audio), work: 'encode' }, ctx);
  const args = audioArguments({ source: read.source, audio: read.audio, outPath });
  const run = await ctx.tools.run({ tool: 'ffmpeg', args, cwd: ctx.scratchDir, limits, signal: ctx.signal });
  ctx.spend('encode', run.cpuSeconds);
  if (read.path !== undefined) await rm(read.path);
  const proof = await validateAudio({ source, renditionPath: outPath, streamIndex: 0, audio, originSeconds }, ctx);
  const { sha256, sizeBytes } = await ctx.blobs.putFile(input.outKey, outPath);
  const { comparedSeconds, offsetMs, lowestCorrelation } = proof;
  return { sha256, sizeBytes, comparedSeconds, offsetMs, lowestCorrelation };
}
