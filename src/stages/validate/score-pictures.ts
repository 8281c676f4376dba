import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChunkQuality } from '../../model/quality.ts';

/** The pictures of one encoded chunk that are scored. */
export type Scored = {
  /** Number of the encoded chunk among the inputs and outputs of its process. */
  readonly index: number;
  /** Places in the chunk of its pictures; the input has them as they were fed, in this order. */
  readonly positions: readonly number[];
  readonly fedPath: string;
  /** Number of that input. */
  readonly fedInput: number;
  /** Places in `positions` of those that get VMAF as well. */
  readonly vmafPlaces: readonly number[];
};

/** Each picture by itself: what stands a second apart must not count as motion. */
const VMAF_MODEL = 'version=vmaf_v0.6.1\\\\:motion.motion_force_zero=true';
/** The same label for both: where they differ (raw pictures have none) newer ffmpegs would convert one of them before comparing. */
const ONE_COLOR = 'setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709';
const SSIM_DECIMALS = 4;
const VMAF_DECIMALS = 2;

const ssimLog = (index: number) => `ssim-${index}.txt`;
const vmafLog = (index: number) => `vmaf-${index}.csv`;

/** Filter graph parts and outputs that score the pictures of `[made<index>]`, a decoded chunk; scores go into files of the working folder. */
export function scoreArguments(scored: Scored): { graph: string[]; outputs: string[] } {
  const { index, positions, fedInput, vmafPlaces } = scored;
  const withVmaf = vmafPlaces.length > 0;
  const byNumber = `${ONE_COLOR},settb=1,setpts=N`;
  const copies = (label: string) => (withVmaf ? `,split=2[${label}s${index}][${label}v${index}]` : `[${label}s${index}]`);
  const only = (numbers: readonly number[]) => `select='${numbers.map((number) => `eq(n,${number})`).join('+')}'`;
  const graph = [
    `[made${index}]${only(positions)},${byNumber}${copies('m')}`,
    `[${fedInput}:v:0]${byNumber}${copies('f')}`,
    `[ms${index}][fs${index}]ssim=shortest=1:stats_file=${ssimLog(index)}[ssim${index}]`,
  ];
  const outputs = ['-map', `[ssim${index}]`, '-f', 'null', '-'];
  if (withVmaf) {
    const options = `shortest=1:n_threads=1:log_fmt=csv:log_path=${vmafLog(index)}:model=${VMAF_MODEL}`;
    for (const label of ['m', 'f']) graph.push(`[${label}v${index}]${only(vmafPlaces)}[${label}w${index}]`);
    graph.push(`[mw${index}][fw${index}]libvmaf=${options}[vmaf${index}]`);
    outputs.push('-map', `[vmaf${index}]`, '-f', 'null', '-');
  }
  return { graph, outputs };
}

/** The scores that a process with these arguments left in its working folder; null where they are not one for each picture. */
export async function readScores({ index, positions, vmafPlaces }: Scored, folder: string): Promise<ChunkQuality | null> {
  const read = (name: string) =>
    readFile(join(folder, name), 'latin1').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return '';
    });
  const ssim = parseSsimLog(await read(ssimLog(index)));
  const measured = vmafPlaces.length > 0 ? parseVmafLog(await read(vmafLog(index))) : [];
  if (ssim.length !== positions.length || measured.length !== vmafPlaces.length) return null;
  const vmaf = positions.map((_, place) => measured[vmafPlaces.indexOf(place)] ?? null);
  return { positions, ssim, vmaf };
}

/** Luma of the lines of ffmpeg's `ssim` filter: `n:1 Y:0.987654 U:… All:… (19.1)`. */
export function parseSsimLog(text: string): number[] {
  return [...text.matchAll(/^n:\d+ Y:([\d.]+)/gm)].map((line) => rounded(line[1], SSIM_DECIMALS));
}

/** The column `vmaf` of libvmaf's CSV. */
export function parseVmafLog(text: string): number[] {
  const [head = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '');
  const column = head.split(',').indexOf('vmaf');
  return column < 0 ? [] : lines.map((line) => rounded(line.split(',')[column], VMAF_DECIMALS));
}

function rounded(text: string, decimals: number): number {
  return Number(Number(text).toFixed(decimals));
}
