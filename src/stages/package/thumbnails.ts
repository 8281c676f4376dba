import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ThumbnailSheets } from '../../media/cmaf/presentation.ts';
import { type Cue, writeWebVtt } from '../../media/webvtt/cues.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import type { PackageFile } from './package-file.ts';

const COLUMNS = 5;
const ROWS = 5;
const CELL_WIDTH_PX = 160;
const SHEET_NAME = /^thumbnails-\d{4}\.jpg$/;
const LIMITS = { stallMs: 120_000, wallMs: 1_800_000 };

export type ThumbnailSource = Inspection['thumbnails'] & { readonly objectKey: string };

/** Size of one cell: 160 px wide, as high as the picture demands, even. */
export function cellSize(thumbnails: Pick<Inspection['thumbnails'], 'widthPx' | 'heightPx'>): { widthPx: number; heightPx: number } {
  const heightPx = 2 * Math.max(1, Math.round((CELL_WIDTH_PX * thumbnails.heightPx) / thumbnails.widthPx / 2));
  return { widthPx: CELL_WIDTH_PX, heightPx };
}

/** Lays the pictures of `picturesPath` (JPEGs one after the other) out on sheets; every option that changes bytes is fixed. */
function sheetArguments(picturesPath: string, cell: { widthPx: number; heightPx: number }, outPattern: string): string[] {
  const filters = [`scale=${cell.widthPx}:${cell.heightPx}:flags=area+accurate_rnd+bitexact`, 'format=yuvj420p', `tile=${COLUMNS}x${ROWS}`];
  const input = ['-y', '-protocol_whitelist', 'file,pipe', '-threads', '1', '-framerate', '1', '-f', 'mjpeg', '-i', picturesPath];
  const coding = ['-c:v', 'mjpeg', '-q:v', '4', '-threads', '1', '-fflags', '+bitexact', '-flags:v', '+bitexact', '-map_metadata', '-1'];
  return [...input, '-map', '0:v:0', '-filter_threads', '1', '-vf', filters.join(','), ...coding, '-start_number', '1', '-f', 'image2', outPattern];
}

/** Cues for a player's seek bar: each names its cell of a sheet as a media fragment (`#xywh=`, W3C Media Fragments section 4.2.2). */
export function thumbnailCues(sheets: ThumbnailSheets, titleSeconds: number): Cue[] {
  const perSheet = sheets.columns * sheets.rows;
  const { cellWidthPx: width, cellHeightPx: height } = sheets;
  const cues = Array.from({ length: sheets.count }, (_, i): Cue => {
    const cell = i % perSheet;
    const [x, y] = [(cell % sheets.columns) * width, Math.floor(cell / sheets.columns) * height];
    const endSeconds = i === sheets.count - 1 ? titleSeconds : (i + 1) * sheets.intervalSeconds;
    return {
      startMs: Math.round(i * sheets.intervalSeconds * 1000),
      endMs: Math.round(Math.min(endSeconds, titleSeconds) * 1000),
      payload: `${sheets.files[Math.floor(i / perSheet)]}#xywh=${x},${y},${width},${height}`,
    };
  });
  return cues.filter(({ startMs, endMs }) => endMs > startMs);
}

export type StoredThumbnails = { readonly sheets: ThumbnailSheets; readonly files: readonly PackageFile[]; readonly vtt: string };

/** Makes and stores the sheets. Null when inspection left no pictures. Throws SL-301 when the tool makes another number of sheets. */
export async function storeThumbnails(source: ThumbnailSource, titleSeconds: number, ctx: StageContext): Promise<StoredThumbnails | null> {
  const count = source.frames.length;
  if (count === 0) return null;
  const cell = cellSize(source);
  const names = await makeSheets(source, cell, ctx);
  const expected = Math.ceil(count / (COLUMNS * ROWS));
  if (names.length !== expected) {
    throw new ScenelineError('SL-301', `${count} thumbnails made ${names.length} sheets instead of ${expected}.`, {
      evidence: { objectKeys: [source.objectKey] },
    });
  }
  const files: PackageFile[] = [];
  for (const file of names) {
    const objectKey = `attempts/${ctx.attemptId}/${file}`;
    const { sizeBytes, sha256 } = await ctx.blobs.putFile(objectKey, join(ctx.scratchDir, file));
    files.push({ file, objectKey, sizeBytes, sha256 });
  }
  const sheets = {
    files: names,
    columns: COLUMNS,
    rows: ROWS,
    cellWidthPx: cell.widthPx,
    cellHeightPx: cell.heightPx,
    intervalSeconds: source.intervalSeconds,
    count,
    maxSheetBytes: Math.max(...files.map(({ sizeBytes }) => sizeBytes)),
  };
  return { sheets, files, vtt: writeWebVtt(thumbnailCues(sheets, titleSeconds)) };
}

async function makeSheets(source: ThumbnailSource, cell: { widthPx: number; heightPx: number }, ctx: StageContext): Promise<string[]> {
  const pictures = await ctx.blobs.openLocal(source.objectKey);
  try {
    const args = sheetArguments(pictures.path, cell, join(ctx.scratchDir, 'thumbnails-%04d.jpg'));
    const run = await ctx.tools.run({ tool: 'ffmpeg', args, cwd: ctx.scratchDir, limits: LIMITS, signal: ctx.signal });
    ctx.spend('package', run.cpuSeconds);
  } finally {
    await pictures.release();
  }
  return (await readdir(ctx.scratchDir)).filter((name) => SHEET_NAME.test(name)).sort();
}
