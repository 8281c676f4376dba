import type { JobKind } from '../model/job.ts';
import type { StageName } from '../model/stage.ts';

type Step = { readonly step: StageName; readonly does: string; readonly jobKinds: readonly JobKind[] };

/** The way of a title, in order. Each step is a folder of `src/stages/`, and each leaves something durable. */
export const TITLE_FLOW = [
  { step: 'ingest', does: 'Seals the delivered file as an immutable, hashed source and registers the title.', jobKinds: [] },
  {
    step: 'inspect',
    does: 'Reads the whole source once and leaves facts, the frame index, shots and findings.',
    jobKinds: ['scan', 'inspect-range', 'inspect-audio', 'stitch'],
  },
  { step: 'plan', does: 'Decides shots, chunks, rungs and tracks: what is to be made.', jobKinds: ['plan'] },
  { step: 'encode', does: 'Turns chunks into encoded chunks, and audio and text into their renditions.', jobKinds: ['encode', 'audio', 'text'] },
  { step: 'validate', does: 'Proves every encoded chunk and every joined rendition against the source.', jobKinds: ['encode', 'assemble'] },
  { step: 'assemble', does: 'Joins the encoded chunks of a rung into one rendition.', jobKinds: ['assemble'] },
  { step: 'package', does: 'Makes CMAF tracks and the HLS and DASH manifests over them.', jobKinds: ['package'] },
  { step: 'publish', does: 'Makes the package visible in one atomic step.', jobKinds: ['publish'] },
] as const satisfies readonly Step[];
