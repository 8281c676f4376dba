import { createHash } from 'node:crypto';
import type { JobKind, JobSpec } from '../model/job.ts';
import type { Title, TitleOrder } from '../model/title.ts';

const HASH_CHARACTERS = 24;
/** More than any two kinds differ: every job of a more urgent title comes first. */
const URGENCY_STEP = 1000;

/** Later steps first, so that titles end before others begin; whole-title tracks before chunks, because they take longest. */
const PRIORITY = {
  publish: 100,
  package: 90,
  assemble: 80,
  audio: 70,
  text: 70,
  encode: 60,
  plan: 50,
  stitch: 40,
  'inspect-audio': 30,
  'inspect-range': 20,
  scan: 10,
} as const satisfies { readonly [K in JobKind]: number };

/** A job before its title is known. */
type JobPart = { readonly kind: JobKind; readonly part: JobSpec['part'] };

/**
 * Identity of what an order asks for: 24 hex digits over the bytes of source and sidecars, the ladder, whether damage is refused, and the encoder build.
 * Where the source lies and where the result goes are not part of it.
 */
export function revisionOf(order: TitleOrder): string {
  const { seal, ladder, sidecars = [], isStrict = false, encoderBuild } = order;
  const beside = sidecars.length === 0 ? undefined : sidecars.map(({ language, sha256 }) => ({ language, sha256 }));
  const text = canonicalJson({ source: seal.sha256, ladder, sidecars: beside, strict: isStrict || undefined, encoderBuild });
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_CHARACTERS);
}

/** Revision of a title that starts again: the order's identity, and the row's `rev` because jobs done under an earlier id are not done for this one. */
export function restartedRevisionOf(order: TitleOrder, rev: number): string {
  return `${revisionOf(order)}-${rev}`;
}

/** The part of a revision that `revisionOf` made: equal for every title and every restart with the same content. */
function contentKeyOf(revision: string): string {
  return revision.slice(0, HASH_CHARACTERS);
}

/** True when the title was asked for exactly this content. Compare orders with this, not by `revision`, which differs after a restart. */
export function asksFor(title: Title, order: TitleOrder): boolean {
  return contentKeyOf(title.revision) === revisionOf(order);
}

export function jobId(title: Title, { kind, part }: JobPart): string {
  return `${title.id}/${title.revision}/${kind}/${partName(part)}`;
}

/** The durable work for one part. The exclusive key has no title in it, so two titles that want the same pictures do not make them at the same moment. */
function jobSpec(title: Title, piece: JobPart): JobSpec {
  const { kind, part } = piece;
  return {
    id: jobId(title, piece),
    titleId: title.id,
    revision: title.revision,
    kind,
    part,
    exclusiveKey: `${contentKeyOf(title.revision)}/${kind}/${partName(part)}`,
    priority: PRIORITY[kind] + (title.order.urgency ?? 0) * URGENCY_STEP,
  };
}

/** The one job of a kind that a title has only once. */
export function singleJob(title: Title, kind: JobKind): JobSpec {
  return jobSpec(title, { kind, part: { index: 0 } });
}

/** Jobs of a kind for the given numbers: ranges, streams, tracks or renditions. */
export function numberedJobs(title: Title, kind: JobKind, indexes: readonly number[]): JobSpec[] {
  return indexes.map((index) => jobSpec(title, { kind, part: { index } }));
}

/** Encode jobs of chunks `[startPlace, endPlaceExclusive)` in the title's order of chunks, one per codec. */
export function encodeJobs(title: Title, startPlace: number, endPlaceExclusive: number, codecs: readonly string[]): JobSpec[] {
  const { longestFirst = [], chunkCount = 0 } = title.progress;
  const film = longestFirst.length === 0 ? Number.POSITIVE_INFINITY : chunkCount - longestFirst.length;
  const jobs: JobSpec[] = [];
  for (let place = startPlace; place < endPlaceExclusive; place++) {
    const index = place < film ? place : longestFirst[place - film];
    for (const codec of codecs) jobs.push(jobSpec(title, { kind: 'encode', part: { index, codec } }));
  }
  return jobs;
}

function partName(part: JobSpec['part']): string {
  return part.codec === undefined ? String(part.index) : `${part.index}-${part.codec}`;
}

/** JSON with sorted keys: equal values give equal text, whatever order they were built in. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
