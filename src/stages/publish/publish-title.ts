import { copyFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';
import { makeDurableFolder } from '../../ports/durable-folder.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { besideOutFolder, checkOutFolder, onOutFolder } from './out-folder.ts';

export type PublishedFile = { readonly file: string; readonly objectKey: string; readonly sizeBytes: number; readonly sha256: string };

export type PublishInput = {
  /** Absolute and no link: a rename would replace the link, not what it leads to. */
  readonly outDir: string;
  readonly files: readonly PublishedFile[];
  readonly reportJson: string;
};

/**
 * Makes a finished title visible. Everything is put into a folder beside `outDir`, whose missing parents are made, flushed and checked; then one rename makes it the title folder.
 * An earlier version of ours is moved aside by the rename before and removed afterwards; a crash between the two is finished by the next run.
 * Throws SL-107 when the folder holds anything that is not of a title of ours, also when that came while the title was put together;
 * SL-118 when it cannot be written.
 */
export async function publishTitle(input: PublishInput, ctx: StageContext): Promise<void> {
  const { outDir } = input;
  await checkOutFolder(outDir);
  await onOutFolder(outDir, async () => {
    const [beside, before] = [besideOutFolder(outDir, 'new'), besideOutFolder(outDir, 'old')];
    await makeDurableFolder(ctx.files, dirname(outDir));
    await ctx.files.remove(beside);
    await fillFolder(beside, input, ctx);
    if (await exists(outDir)) {
      await checkOutFolder(outDir);
      await ctx.files.remove(before);
      await ctx.files.rename(outDir, before);
    }
    await ctx.files.rename(beside, outDir);
    await ctx.files.syncFolder(dirname(outDir));
    await ctx.files.remove(before);
  });
}

async function fillFolder(folder: string, input: PublishInput, ctx: StageContext): Promise<void> {
  const folders = new Set([folder]);
  await ctx.files.mkdir(folder);
  for (const file of input.files) {
    const target = join(folder, file.file);
    if (!folders.has(dirname(target))) {
      folders.add(dirname(target));
      await ctx.files.mkdir(dirname(target));
    }
    await placeFile(file, target, ctx);
  }
  const report = join(folder, 'report.json');
  await writeFile(report, input.reportJson);
  await ctx.files.syncFile(report);
  for (const path of [...folders].reverse()) await ctx.files.syncFolder(path);
}

/** Hard link where the file systems allow it, else a copy; both are measured before they count. */
async function placeFile(file: PublishedFile, target: string, ctx: StageContext): Promise<void> {
  const local = await ctx.blobs.openLocal(file.objectKey);
  try {
    await ctx.files.link(local.path, target).catch(async (error: NodeJS.ErrnoException) => {
      if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK', 'ENOSYS'].includes(error.code ?? '')) throw error;
      await copyFile(local.path, target);
      await ctx.files.syncFile(target);
    });
  } finally {
    await local.release();
  }
  const size = (await stat(target)).size;
  if (size !== file.sizeBytes) throw new ScenelineError('SL-905', `${file.file} has ${size} bytes instead of ${file.sizeBytes}.`);
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
