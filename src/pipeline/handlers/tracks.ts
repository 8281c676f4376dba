import { ticksToSeconds } from '../../media/time.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { Job, JobResult } from '../../model/job.ts';
import type { Plan } from '../../model/plan.ts';
import type { Title } from '../../model/title.ts';
import { encodeAudio } from '../../stages/encode/audio/encode-audio.ts';
import { convertSidecar } from '../../stages/package/sidecar-text.ts';
import { extractText } from '../../stages/package/text.ts';
import type { JobContext } from '../worker.ts';
import { type HandlerDeps, type TitleFiles, titleOf, withSource, withStage } from './deps.ts';

type TitleFilesReader = (title: Title) => Promise<TitleFiles>;

/** Encodes one audio rendition over the whole title. */
export function audioHandler(deps: HandlerDeps, titleFiles: TitleFilesReader) {
  return async (job: Job, context: JobContext): Promise<JobResult> => {
    const title = await titleOf(deps, job);
    const { plan } = await titleFiles(title);
    const audio = plan.audio[job.part.index];
    if (audio === undefined) throw new ScenelineError('SL-901', `Job ${job.id} is not in its plan.`);
    const outKey = `titles/${title.id}/${title.revision}/${audio.name}.m4a`;
    const made = await withSource(deps, title.order.seal, context, (source, work) =>
      withStage(deps, work, (ctx) => encodeAudio({ source, audio, originSeconds: originSeconds(plan), outKey }, ctx)),
    );
    return { objectKey: outKey, ...made };
  };
}

/** Makes one text rendition on the title's timeline: from a track of the source, or from a file that was delivered beside it. */
export function textHandler(deps: HandlerDeps, titleFiles: TitleFilesReader) {
  return async (job: Job, context: JobContext): Promise<JobResult> => {
    const title = await titleOf(deps, job);
    const { plan } = await titleFiles(title);
    const text = plan.text[job.part.index];
    if (text === undefined) throw new ScenelineError('SL-901', `Job ${job.id} is not in its plan.`);
    const outKey = `titles/${title.id}/${title.revision}/${text.name}.vtt`;
    const sidecar = title.order.sidecars?.[text.sidecar ?? -1];
    if (sidecar) return { text: await withStage(deps, context, (ctx) => convertSidecar({ sidecar, text, outKey }, ctx)) };
    return withSource(deps, title.order.seal, context, (source, work) =>
      withStage(deps, work, (ctx) => extractText({ source, text, shiftMs: -Math.round(1000 * originSeconds(plan)), outKey }, ctx)),
    );
  };
}

/** Where the title's timeline starts on the source's clock. */
function originSeconds(plan: Plan): number {
  return ticksToSeconds(plan.firstPtsTicks - plan.videoStartTicks, plan.timeBase);
}
