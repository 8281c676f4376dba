import { ScenelineError } from '../../../model/errors.ts';
import type { MediaInput } from '../../../model/media-input.ts';
import type { AudioPlan } from '../../../model/plan.ts';
import type { MediaRun } from '../../../ports/media-tools.ts';
import type { StageContext } from '../../../ports/stage-context.ts';
import { COMPARED_RATE, comparedForm, renditionListenArguments, sourceListenArguments } from './arguments.ts';
import { type Envelope, EnvelopeReader } from './envelope.ts';
import { readable } from './even-copy.ts';
import { audioLimits } from './limits.ts';
import { judgeGain, judgeSound, type SoundMatch } from './sound-match.ts';

/** Samples of one AAC access unit: decoders before ffmpeg 6 give the last one whole. */
const ACCESS_UNIT_SAMPLES = 1024;

export type ValidateAudioInput = {
  readonly source: MediaInput;
  readonly renditionPath: string;
  /** The track's number in the file at `renditionPath`. */
  readonly streamIndex: number;
  readonly audio: AudioPlan;
  /** Where the title's zero stands on the source's clock. */
  readonly originSeconds: number;
};

/**
 * Holds a rendition to the source's own sound: decodes both, counts the rendition's samples and looks for a displacement.
 * The source is placed by its clock, so a wrong lead is seen too; one that changes its form is heard through a copy of the proof's own. Throws SL-304 with the evidence.
 */
export async function validateAudio(input: ValidateAudioInput, ctx: StageContext): Promise<SoundMatch> {
  const { audio } = input;
  const totalSamples = audio.leadSamples + audio.sampleCount;
  const rendition = await listenToRendition(input, ctx);
  if (rendition.endSamples < 1 || rendition.endSamples > ACCESS_UNIT_SAMPLES) {
    const lengths = rendition.endSamples < 1 ? 'fewer' : 'more';
    throw unproven(audio, `decodes to ${lengths} samples than the ${totalSamples} planned`, rendition.run);
  }
  const read = await readable({ source: input.source, audio, form: comparedForm(audio), work: 'validate' }, ctx);
  const source = await listen(sourceListenArguments({ ...input, ...read }), audio, ctx);
  const match = judgeSound(source.envelope, rendition.envelope);
  const fault = match.fault ?? (audio.gainDb === undefined ? null : judgeGain(source.envelope, rendition.envelope, audio.gainDb));
  if (fault !== null) throw unproven(audio, fault, rendition.run);
  return match;
}

async function listenToRendition(input: ValidateAudioInput, ctx: StageContext) {
  let endSamples = 0;
  const count = (bytes: Uint8Array) => {
    endSamples += bytes.byteLength;
  };
  return { ...(await listen(renditionListenArguments(input), input.audio, ctx, { 3: count })), endSamples };
}

async function listen(args: readonly string[], audio: AudioPlan, ctx: StageContext, others = {}): Promise<{ run: MediaRun; envelope: Envelope }> {
  const seconds = (audio.leadSamples + audio.sampleCount) / audio.sampleRate;
  const reader = new EnvelopeReader(Math.floor(seconds * 1000), COMPARED_RATE);
  const outputs = { 1: (bytes: Uint8Array) => reader.push(bytes), ...others };
  const run = await ctx.tools.run({ tool: 'ffmpeg', args, cwd: ctx.scratchDir, outputs, limits: audioLimits(seconds), signal: ctx.signal });
  ctx.spend('validate', run.cpuSeconds);
  return { run, envelope: reader.finish() };
}

function unproven(audio: AudioPlan, fault: string, run: MediaRun): ScenelineError {
  const evidence = { command: run.command, exitStatus: '0', stderrTail: run.errorLines.join('\n') };
  return new ScenelineError('SL-304', `The sound of ${audio.name} ${fault}.`, { evidence });
}
