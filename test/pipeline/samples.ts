import type { Job, JobKind, JobState } from '../../src/model/job.ts';
import type { Ladder } from '../../src/model/ladder.ts';
import type { Sidecar } from '../../src/model/sidecar.ts';
import type { Title, TitleOrder, TitleState } from '../../src/model/title.ts';
import { newTitle } from '../../src/pipeline/title-changes.ts';
import type { JobCounts } from '../../src/ports/job-queue.ts';

const rung = { container: 'mp4', codec: 'h264', boxPx: 720, crf: 21, maxrateKbps: 3000, bufsizeKbit: 6000, preset: 'medium' } as const;

export const LADDER: Ladder = {
  audioKbpsPerChannel: 64,
  rungs: [
    { ...rung, name: '720p' },
    { ...rung, name: '480p', boxPx: 480 },
  ],
};

export const ORDER: TitleOrder = {
  seal: { path: '/films/a.mov', sha256: 'ab'.repeat(32), sizeBytes: 10, modifiedNs: '1', inode: '2' },
  ladder: LADDER,
  encoderBuild: 'x264 164',
  outDir: '/out',
};

export const SIDECAR: Sidecar = {
  ...{ language: 'de', path: '/films/a.de.srt', sha256: 'ef'.repeat(32), sizeBytes: 10, form: 'subrip', encoding: 'windows-1252' },
  isEncodingGuessed: true,
};

/** Progress of a title with this many chunks, once it is planned. */
export function planned(chunkCount: number) {
  return { rangeCount: 2, chunkCount, codecs: ['h264', 'av1'], audioCount: 2, textCount: 1, renditionCount: 3, admittedChunks: 0 } as const;
}

export function titleIn(state: TitleState, change: Partial<Title> = {}): Title {
  return { ...newTitle({ id: 'film', order: ORDER, nowMs: 1000 }).next, state, rev: 5, ...change };
}

export function counts(jobs: { readonly [K in JobKind]?: { readonly [S in JobState]?: number } }): JobCounts {
  return jobs;
}

export function jobOfKind(kind: JobKind, change: Partial<Job> = {}): Job {
  const base = { id: `film/r/${kind}/0`, titleId: 'film', revision: 'r', kind, part: { index: 0 }, exclusiveKey: null, priority: 0 };
  return { ...base, state: 'parked', fence: 3, failures: 3, losses: 0, result: null, ...change };
}
