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
    const [plainCopy, darkCopy] = await copyAndScore(file, folder, tools);
    const plain = { ...plainCopy, ...(await inspect(file.path, join(folder, file.name))) };
    const dark = { ...darkCopy, ...(await inspect(darkCopy.copyPath, join(folder, `${file.name}-dark`))) };
    const counts = [plain.frames.length, plain.scdetScores.length, dark.frames.length, dark.scdetScores.length];
    if (new Set(counts).size > 1) throw new Error(`${file.name}: detectors do not see the same frames: ${counts.join(', ')}`);
    films.push({ file, listed: await listedBorders(file), plain, dark });
  }
  return films;
}

type Copy = Pick<Reading, 'copyPath' | 'scdetScores'>;

/** One decode: copies plain and darkened, and what `scdet` says of the pictures that go into them. */
async function copyAndScore({ name, path, fps }: TruthFile, folder: string, tools: MediaTools): Promise<[plain: Copy, dark: Copy]> {
  const kinds = [
    { label: 'plain', filter: 'null', fd: 1 },
    { label: 'dark', filter: DARKENING, fd: 4 },
  ].map((kind) => ({ ...kind, copyPath: join(folder, `${name}-${kind.label}.mp4`), text: '' }));
  const graph = kinds.map(
    ({ label, filter, fd }) =>
      `[${label}]${filter},split[${label}0][${label}1];[${label}0]scale=-2:'min(480,trunc(ih/2)*2)'[${label}2];[${label}1]scdet=threshold=100,metadata=mode=print:key=lavfi.scd.score:file=pipe\\\\:${fd}[${label}3]`,
  );
  const coding = ['-r', String(fps), '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '10', '-g', '48', '-pix_fmt', 'yuv420p'];
  const args = ['-y', '-reinit_filter', '0', '-i', path, '-filter_complex', [`[0:v:0]setpts=N/(${fps}*TB),split[plain][dark]`, ...graph].join(';')];
  for (const { label, copyPath } of kinds) args.push('-map', `[${label}2]`, ...coding, copyPath, '-map', `[${label}3]`, '-f', 'null', '-');
  const take = (kind: { text: string }) => (bytes: Uint8Array) => {
    kind.text += Buffer.from(bytes).toString('latin1');
  };
  await tools.run({ tool: 'ffmpeg', args, outputs: Object.fromEntries(kinds.map((kind) => [kind.fd, take(kind)])), limits: LIMITS });
  const [plain, dark] = kinds.map(({ copyPath, text }) => ({
    copyPath,
    scdetScores: [...text.matchAll(/lavfi\.scd\.score=([\d.]+)/g)].map((match) => Number(match[1])),
  }));
  return [plain, dark];
}

async function inspect(path: string, folder: string): Promise<Pick<Reading, 'timeBase' | 'frames'>> {
  await mkdir(folder, { recursive: true });
  const { inspection, records } = await inspectFilm(folder, path);
  return { timeBase: inspection.timeBase, frames: records.map(({ ptsTicks, features, picture }) => ({ ptsTicks, features, picture })) };
}
