import { ScenelineError } from '../model/errors.ts';
import type { SceneEvent } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { JOB_KINDS, type Job, type JobKind, type JobSpec, type JobState } from '../model/job.ts';
import type { Title, TitleProgress } from '../model/title.ts';
import type { JobCounts } from '../ports/job-queue.ts';
import { encodeJobs, numberedJobs, singleJob } from './job-ids.ts';
import type { PlanResult, ScanResult, StitchResult } from './job-results.ts';
import { eventOf, isLive, moved } from './title-changes.ts';

/**
 * What moves a title along. One decision looks at the head row, the job counters and at most two small results, so it costs the same for ten chunks
 * and for a hundred thousand. It may be made twice, late, or by two processes at once: jobs are enqueued by derived ids, and the row changes only
 * if nobody changed it since it was read.
 *
 *   registered ── scan ──> inspecting ── stitch ──> planning ── plan ──> encoding ── every chunk, audio, text ──> assembling
 *       │                      │                                                                                      │
 *       └───── refused <───────┘                                            published <── publish <── packaging <─────┘ every rendition
 *
 *   any of these but published, refused ── a job parked ──> failed      ── retry ──> where it was
 *                                       ── operator ──────> cancelled   ── retry ──> where it was
 *
 * Inside `inspecting`: ranges and audio tracks at once, then the stitch. Inside `packaging`: the package, then publish.
 * Inside `encoding` chunks are admitted to the queue a window at a time, in the film's order but for the last ones, which come the longest first;
 * `progress.admittedChunks` remembers how far. Jobs are enqueued before the row says that they are: a crash between the two enqueues the same ids again.
 */
export type DecideInput = {
  readonly title: Title;
  /** Of the title's revision, read after the title. */
  readonly counts: JobCounts;
  readonly results: SmallResults;
  /** A parked job of the revision, if any. */
  readonly parked: Job | null;
  readonly nowMs: number;
  /** Unfinished encode jobs kept in the queue, at most (one chunk's codecs at least). */
  readonly window: number;
};

/** Results of jobs that a title has once; null until done. Only those that the title's state asks for need to be given. */
export type SmallResults = { readonly scan: ScanResult | null; readonly stitch: StitchResult | null; readonly plan: PlanResult | null };

export type Decision = {
  readonly enqueue: readonly JobSpec[];
  /** The row to write if its `rev` is unchanged, together with the events. */
  readonly next: Title | null;
  readonly events: readonly SceneEvent[];
  /** `drop`: unfinished jobs of a title that ended must go. `revive`: jobs were dropped late, after the title was taken up again. */
  readonly jobs: 'keep' | 'drop' | 'revive';
};

const NOTHING: Decision = { enqueue: [], next: null, events: [], jobs: 'keep' };

export function decide(input: DecideInput): Decision {
  const { title, counts, parked } = input;
  if (!isLive(title)) return ofAllKinds(counts, ['ready', 'running']) > 0 ? { ...NOTHING, jobs: 'drop' } : NOTHING;
  if (parked) return fail(input, parked);
  if (ofAllKinds(counts, ['dropped']) > 0) return { ...NOTHING, jobs: 'revive' };
  switch (title.state) {
    case 'registered':
      return decideRegistered(input);
    case 'inspecting':
      return decideInspecting(input);
    case 'planning':
      return decidePlanning(input);
    case 'encoding':
      return decideEncoding(input);
    case 'assembling':
      return decideAssembling(input);
    default:
      return decidePackaging(input);
  }
}

function decideRegistered(input: DecideInput): Decision {
  const { title, results } = input;
  const { scan } = results;
  if (scan === null) return once(input, 'scan');
  const findings = mergeFindings(title.findings, scan.findings);
  if (scan.refused) return refuse(input, findings);
  return move({ next: moved(title, { state: 'inspecting', progress: { rangeCount: scan.rangeCount, pixels: scan.pixels }, findings }) });
}

function decideInspecting(input: DecideInput): Decision {
  const { title, counts, results, nowMs } = input;
  const { scan, stitch } = results;
  if (stitch) {
    const findings = mergeFindings(title.findings, stitch.findings);
    if (stitch.refused) return refuse(input, findings);
    const next = moved(title, { state: 'planning', findings });
    const data = { frameCount: stitch.frameCount, findings: findings.length };
    return move({ next, events: [eventOf(next, { type: 'title.inspected', atMs: nowMs, data })] });
  }
  if (scan === null) throw new ScenelineError('SL-901', `Title ${title.id} is being inspected without a scan.`);
  const rangeCount = known(title, 'rangeCount');
  const missing = [...missingJobs(input, 'inspect-range', rangeCount), ...missingJobs(input, 'inspect-audio', scan.audioStreams.length, scan.audioStreams)];
  if (missing.length > 0) return { ...NOTHING, enqueue: missing };
  const isRead = allDone(counts, 'inspect-range', rangeCount) && allDone(counts, 'inspect-audio', scan.audioStreams.length);
  return isRead ? once(input, 'stitch') : NOTHING;
}

function decidePlanning(input: DecideInput): Decision {
  const { title, results } = input;
  if (results.plan === null) return once(input, 'plan');
  return move({ next: moved(title, { state: 'encoding', progress: { ...title.progress, ...results.plan, admittedChunks: 0 } }) });
}

function decideEncoding(input: DecideInput): Decision {
  const { title, counts, window } = input;
  const chunkCount = known(title, 'chunkCount');
  const codecs = known(title, 'codecs');
  const audioCount = known(title, 'audioCount');
  const textCount = known(title, 'textCount');
  const admitted = known(title, 'admittedChunks');
  const tracks = [...missingJobs(input, 'audio', audioCount), ...missingJobs(input, 'text', textCount)];
  const waiting = inStates(counts, 'encode', ['ready', 'running']);
  if (admitted < chunkCount && waiting <= window / 2) {
    const room = Math.max(1, Math.floor((window - waiting) / codecs.length));
    const admittedChunks = Math.min(chunkCount, admitted + room);
    const next = moved(title, { state: 'encoding', progress: { ...title.progress, admittedChunks } });
    return move({ next, enqueue: [...tracks, ...encodeJobs(title, admitted, admittedChunks, codecs)] });
  }
  if (tracks.length > 0) return { ...NOTHING, enqueue: tracks };
  const isMade = allDone(counts, 'encode', chunkCount * codecs.length) && allDone(counts, 'audio', audioCount) && allDone(counts, 'text', textCount);
  return isMade ? move({ next: moved(title, { state: 'assembling' }) }) : NOTHING;
}

function decideAssembling(input: DecideInput): Decision {
  const { title, counts } = input;
  const renditionCount = known(title, 'renditionCount');
  const missing = missingJobs(input, 'assemble', renditionCount);
  if (missing.length > 0) return { ...NOTHING, enqueue: missing };
  return allDone(counts, 'assemble', renditionCount) ? move({ next: moved(title, { state: 'packaging' }) }) : NOTHING;
}

function decidePackaging(input: DecideInput): Decision {
  const { title, counts, nowMs } = input;
  if (!allDone(counts, 'package', 1)) return once(input, 'package');
  if (!allDone(counts, 'publish', 1)) return once(input, 'publish');
  const next = moved(title, { state: 'published' });
  const data = { chunkCount: known(title, 'chunkCount'), renditionCount: known(title, 'renditionCount') };
  return move({ next, events: [eventOf(next, { type: 'title.published', atMs: nowMs, data })] });
}

function refuse({ title, nowMs }: DecideInput, findings: readonly Finding[]): Decision {
  const next = moved(title, { state: 'refused', findings });
  return move({ next, events: [eventOf(next, { type: 'title.refused', atMs: nowMs, data: { findings } })] });
}

function fail({ title, nowMs }: DecideInput, parked: Job): Decision {
  const next: Title = { ...moved(title, { state: 'failed' }), resumeState: title.state, failedJobId: parked.id };
  return move({ next, events: [eventOf(next, { type: 'title.failed', atMs: nowMs, data: { jobId: parked.id, kind: parked.kind } })] });
}

function move(change: { next: Title; events?: readonly SceneEvent[]; enqueue?: readonly JobSpec[] }): Decision {
  return { ...NOTHING, ...change };
}

/** The single job of a kind, unless it exists. */
function once({ title, counts }: DecideInput, kind: JobKind): Decision {
  const jobs = [singleJob(title, kind)];
  return { ...NOTHING, enqueue: existing(counts, kind) === 0 ? jobs : [] };
}

/** Jobs numbered from zero, or by the given numbers, unless all of them exist. */
function missingJobs({ title, counts }: DecideInput, kind: JobKind, total: number, indexes?: readonly number[]): JobSpec[] {
  if (existing(counts, kind) >= total) return [];
  return numberedJobs(title, kind, indexes ?? Array.from({ length: total }, (_, index) => index));
}

function existing(counts: JobCounts, kind: JobKind): number {
  return inStates(counts, kind, ['ready', 'running', 'done', 'parked', 'dropped']);
}

function allDone(counts: JobCounts, kind: JobKind, total: number): boolean {
  return inStates(counts, kind, ['done']) >= total;
}

function inStates(counts: JobCounts, kind: JobKind, states: readonly JobState[]): number {
  const ofKind = counts[kind];
  return ofKind ? states.reduce((sum, state) => sum + (ofKind[state] ?? 0), 0) : 0;
}

/** How many jobs of a title's revision are in one of these states. */
export function ofAllKinds(counts: JobCounts, states: readonly JobState[]): number {
  return JOB_KINDS.reduce((sum, kind) => sum + inStates(counts, kind, states), 0);
}

/** Both lists without repeats: the stitch may say again what the scan said. */
function mergeFindings(earlier: readonly Finding[], later: readonly Finding[]): Finding[] {
  const seen = new Map([...earlier, ...later].map((finding) => [JSON.stringify(finding), finding]));
  return [...seen.values()];
}

function known<K extends keyof TitleProgress>(title: Title, name: K): NonNullable<TitleProgress[K]> {
  const value = title.progress[name];
  if (value === undefined) throw new ScenelineError('SL-901', `Title ${title.id} is ${title.state} without ${name}.`);
  return value as NonNullable<TitleProgress[K]>;
}
