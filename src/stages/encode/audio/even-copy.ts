import { join } from 'node:path';
import { type EvenForm, evenSoundArguments, evenSoundInput } from '../../../model/even-sound.ts';
import type { MediaInput } from '../../../model/media-input.ts';
import type { AudioPlan } from '../../../model/plan.ts';
import type { StageContext } from '../../../ports/stage-context.ts';
import { audioLimits } from './limits.ts';

type Readable = { readonly source: MediaInput; readonly audio: AudioPlan; readonly path?: string };

/** What can be decoded whole with filters that count: the source itself or, when its track changes its form, a copy in the scratch folder, whose path is told. */
export async function readable(
  input: { source: MediaInput; audio: AudioPlan; form: EvenForm; work: 'encode' | 'validate' },
  ctx: StageContext,
): Promise<Readable> {
  const { source, audio } = input;
  if (!audio.changesForm) return { source, audio };
  const path = join(ctx.scratchDir, `${audio.name}-${input.work}.nut`);
  const args = evenSoundArguments({ source, streamIndex: audio.streamIndex, form: input.form, outPath: path });
  const limits = audioLimits((audio.leadSamples + audio.sampleCount) / audio.sampleRate);
  const run = await ctx.tools.run({ tool: 'ffmpeg', args, cwd: ctx.scratchDir, limits, signal: ctx.signal });
  ctx.spend(input.work, run.cpuSeconds);
  return { source: evenSoundInput(path), audio: { ...audio, streamIndex: 0 }, path };
}
