import { open, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';
import { PAGE_MARK } from './page.ts';

/**
 * Throws SL-101 where a page must not be written: inside the title folder, which holds what its report lists and nothing else, in a folder that is not there, and over a file that
 * is no page of ours.
 */
export async function checkPagePlace(path: string, titleDir: string): Promise<void> {
  const folder = await realpath(dirname(path)).catch(() => {
    throw new ScenelineError('SL-101', `The folder ${dirname(path)} for the page does not exist.`);
  });
  const inside = relative(await realpath(titleDir), join(folder, basename(path)));
  if (!inside.startsWith('..'))
    throw new ScenelineError('SL-101', `${path} is inside the title folder, which holds nothing but the title. Give another place for the page.`);
  if (!(await isFreeOrOurs(path))) throw new ScenelineError('SL-101', `${path} exists and is no report page. Give another place for the page.`);
}

/** Writes a page aside and puts it in its place in one step. */
export async function writePage(path: string, page: string): Promise<void> {
  const aside = `${path}.${process.pid}.new`;
  try {
    await writeFile(aside, page, { flag: 'wx' });
    await rename(aside, path);
  } finally {
    await rm(aside, { force: true });
  }
}

async function isFreeOrOurs(path: string): Promise<boolean> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new ScenelineError('SL-101', `${path} cannot be used for the page: ${error.message}.`, { cause: error });
  });
  if (file === null) return true;
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(PAGE_MARK.length), position: 0 });
    return buffer.toString('latin1', 0, bytesRead) === PAGE_MARK;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}
