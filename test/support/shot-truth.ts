import { readFile } from 'node:fs/promises';
import { mediaPath } from './media.ts';

/** A real file whose borders people have listed. Files of one film share its name: nothing may be chosen on one of them and measured on another. */
export type TruthFile = { readonly name: string; readonly film: string; readonly path: string; readonly fps: number };

const FILES: readonly TruthFile[] = [
  { name: 'bbb-1080p30-13s', film: 'Big Buck Bunny', path: 'bbb-1080p30-13s.mp4', fps: 30 },
  { name: 'bbb-360s-to-420s-720p24', film: 'Big Buck Bunny', path: 'bbb-360s-to-420s-720p24.mp4', fps: 24 },
  { name: 'bbb-full-596s-252p24', film: 'Big Buck Bunny', path: 'bbb-full-596s-252p24.mp4', fps: 24 },
  { name: 'bbb-trailer', film: 'Big Buck Bunny', path: 'bbb-trailer-360p25-vp8-vorbis.webm', fps: 25 },
  { name: 'caminandes-30s', film: 'Caminandes', path: 'caminandes-llama-drama-30s-180p24-av1-opus.webm', fps: 24 },
  { name: 'elephants-dream-0s-to-72s', film: 'Elephants Dream', path: 'elephants-dream-0s-to-72s-360p24-2audio.mp4', fps: 24 },
  { name: 'sintel-120s-to-150s-sdr', film: 'Sintel', path: 'sintel-120s-to-150s-1080p24-sdr-hevc10-5.1.ts', fps: 24 },
  { name: 'sintel-60s-to-90s-hdr10', film: 'Sintel', path: 'sintel-60s-to-90s-1080p24-hdr10-hevc10-5.1.ts', fps: 24 },
  { name: 'tears-of-steel-0s-to-42s', film: 'Tears of Steel', path: 'tears-of-steel-0s-to-42s-500x208.mkv', fps: 24 },
];

/** Those that are on this machine, with whole paths. */
export function truthFiles(): TruthFile[] {
  return FILES.flatMap((file) => {
    const path = mediaPath(`real/${file.path}`);
    return path === null || mediaPath(`groundtruth/${file.name}.cuts.csv`) === null ? [] : [{ ...file, path }];
  });
}

/** A border that people see: at `frame`, or somewhere in `[frame, endFrame]` where the change is gradual. */
export type ListedBorder = { readonly frame: number; readonly endFrame: number; readonly isGradual: boolean };

export async function listedBorders({ name }: TruthFile): Promise<ListedBorder[]> {
  const lines = (await readFile(mediaPath(`groundtruth/${name}.cuts.csv`)!, 'utf8')).split('\n').filter((line) => /^\d/.test(line));
  return lines.map((line) => {
    const [frame, type, endFrame] = line.split(',');
    return { frame: Number(frame), endFrame: Number(endFrame || frame), isGradual: type === 'gradual' };
  });
}

const TOLERANCE_FRAMES = 2;

/** Counts of borders found, of one file or of several. */
export type Counts = { readonly right: number; readonly wrong: number; readonly missed: number };

/** One border found counts for one listed within two frames; those inside gradual changes count neither way. */
export function countBorders(found: readonly number[], listed: readonly ListedBorder[]): Counts {
  const cuts = listed.filter(({ isGradual }) => !isGradual);
  const open = new Set(cuts.map(({ frame }) => frame));
  let wrong = 0;
  for (const frame of found) {
    const near = [...open].filter((cut) => Math.abs(cut - frame) <= TOLERANCE_FRAMES).sort((a, b) => Math.abs(a - frame) - Math.abs(b - frame));
    if (near.length > 0) open.delete(near[0]);
    else if (!listed.some((each) => each.isGradual && isInside(frame, each))) wrong++;
  }
  return { right: cuts.length - open.size, wrong, missed: open.size };
}

/** How many borders were found in each gradual change; one is right. */
export function gradualHits(found: readonly number[], listed: readonly ListedBorder[]): { readonly change: ListedBorder; readonly borders: number }[] {
  return listed.filter(({ isGradual }) => isGradual).map((change) => ({ change, borders: found.filter((frame) => isInside(frame, change)).length }));
}

export type Score = { readonly f1: number; readonly recall: number; readonly precision: number };

export function scoreOf(counts: readonly Counts[]): Score {
  const sum = (key: keyof Counts) => counts.reduce((total, each) => total + each[key], 0);
  const [right, wrong, missed] = [sum('right'), sum('wrong'), sum('missed')];
  const share = (of: number, all: number) => (all === 0 ? 1 : of / all);
  return { f1: share(2 * right, 2 * right + wrong + missed), recall: share(right, right + missed), precision: share(right, right + wrong) };
}

function isInside(frame: number, { frame: start, endFrame }: ListedBorder): boolean {
  return frame >= start - TOLERANCE_FRAMES && frame <= endFrame + TOLERANCE_FRAMES;
}
