import type { JobKind, JobSpec } from '../model/job.ts';
import type { Title } from '../model/title.ts';
import type { JobClass } from '../ports/job-dispatch.ts';

/** Pictures with more pixels than this need a worker with much memory: more than twice 1920×1080. */
const LARGE_PIXELS = 2 * 1920 * 1080;
const BUILD_CHARACTERS = 12;
/** Every worker encodes H.264; the others are abilities of their own. */
const EVERYBODYS_CODEC = 'h264';
/** Work that decodes or encodes pictures, and so takes memory by their size. */
const PICTURE_KINDS: readonly JobKind[] = ['inspect-range', 'encode', 'assemble'];

/** Which workers can do a job: those of the title's encoder build, with its codec, and with memory enough for its pictures. */
export function classOf(title: Title, job: Pick<JobSpec, 'kind' | 'part'>): JobClass {
  const codec = job.part.codec ?? EVERYBODYS_CODEC;
  const isLarge = PICTURE_KINDS.includes(job.kind) && (title.progress.pixels ?? 0) > LARGE_PIXELS;
  return className({ encoderBuild: title.order.encoderBuild, codec, isLarge });
}

/** What a worker can do, as the classes whose jobs it takes. */
export function classesOf(worker: { encoderBuild: string; codecs: readonly string[]; bytesPerSlot: number; bytesPerLargeJob: number }): JobClass[] {
  const { encoderBuild } = worker;
  const codecs = [EVERYBODYS_CODEC, ...worker.codecs.filter((codec) => codec !== EVERYBODYS_CODEC)];
  const sizes = worker.bytesPerSlot >= worker.bytesPerLargeJob ? [false, true] : [false];
  return codecs.flatMap((codec) => sizes.map((isLarge) => className({ encoderBuild, codec, isLarge })));
}

function className({ encoderBuild, codec, isLarge }: { encoderBuild: string; codec: string; isLarge: boolean }): JobClass {
  return `${encoderBuild.slice(0, BUILD_CHARACTERS)}-${codec}-${isLarge ? 'large' : 'any'}`;
}
