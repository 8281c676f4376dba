import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TimeBase } from '../../src/media/time.ts';
import type { MediaTools } from '../../src/ports/media-tools.ts';
import type { DetectorFrame } from '../../src/stages/inspect/shots/frame-window.ts';
import { inspectFilm } from '../../test/support/inspect-film.ts';
import { type ListedBorder, listedBorders, type TruthFile, truthFiles } from '../../test/support/shot-truth.ts';

const LIMITS = { stallMs: 120_000, wallMs: 1_800_000 };
/** What a darkened copy went through. */
export const DARKENING = 'eq=brightness=-0.15:contrast=0.6';

/** One variant of a file: what our detector sees of it, and what the others are given. */
export type Reading = {
  readonly timeBase: TimeBase;
  readonly frames: readonly DetectorFrame[];
  /** H.264 of at most 480 lines with frame n at exactly n/fps: the others compute frame numbers from times, make pictures small first, and do not read every codec. */
  readonly copyPath: string;
  /** ffmpeg's `scdet` score of each frame, 0 to 100. */
  readonly scdetScores: readonly number[];
};

export type FilmFile = { readonly file: TruthFile; readonly listed: readonly ListedBorder[]; readonly plain: Reading; readonly dark: Reading };

/** Reads every file with known borders once as it is and once darkened; what detectors need is kept in memory. */
export async function readFilms(folder: string, tools: MediaTools): Promise<FilmFile[]> {
  const films: FilmFile[] = [];
  for (const file of truthFiles()) {
    process.stderr.write(`reading ${file.name}\n`);
    const listed = await listedBorders(file);
    films.push({ file, listed, plain: await readPlain(file, folder, tools), dark: await readDark(file, folder, tools) });
  }
  return films;
}

async function readPlain(file: TruthFile, folder: string, tools: MediaTools): Promise<Reading> {
  const copyPath = join(folder, `${file.name}.mp4`);
  const scdetScores = await copyAndScore(file, 'null', copyPath, tools);
  return { ...(await inspect(file.path, join(folder, file.name))), copyPath, scdetScores };
}

async function readDark(file: TruthFile, folder: string, tools: MediaTools): Promise<Reading> {
  const copyPath = join(folder, `${file.name}-dark.mp4`);
  const scdetScores = await copyAndScore(file, DARKENING, copyPath, tools);
  return { ...(await inspect(copyPath, join(folder, `${file.name}-dark`))), copyPath, scdetScores };
}

/** One decode: the copy, and `scdet` on the pictures that go into it. */
async function copyAndScore({ path, fps }: TruthFile, filter: string, copyPath: string, tools: MediaTools): Promise<number[]> {
  const graph = `[0:v:0]${filter},setpts=N/(${fps}*TB),split[large][scored];[large]scale=-2:'min(480,trunc(ih/2)*2)'[kept];[scored]scdet=threshold=100,metadata=mode=print:key=lavfi.scd.score:file=-[seen]`;
  const coding = ['-r', String(fps), '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '10', '-g', '48', '-pix_fmt', 'yuv420p'];
  let text = '';
  const take = (bytes: Uint8Array) => {
    text += Buffer.from(bytes).toString('latin1');
  };
  const args = ['-y', '-reinit_filter', '0', '-i', path, '-filter_complex', graph, '-map', '[kept]', ...coding, copyPath, '-map', '[seen]', '-f', 'null', '-'];
  await tools.run({ tool: 'ffmpeg', args, outputs: { 1: take }, limits: LIMITS });
  return [...text.matchAll(/lavfi\.scd\.score=([\d.]+)/g)].map((match) => Number(match[1]));
}

async function inspect(path: string, folder: string): Promise<Pick<Reading, 'timeBase' | 'frames'>> {
  await mkdir(folder, { recursive: true });
  const { inspection, records } = await inspectFilm(folder, path);
  return { timeBase: inspection.timeBase, frames: records.map(({ ptsTicks, features, picture }) => ({ ptsTicks, features, picture })) };
}
