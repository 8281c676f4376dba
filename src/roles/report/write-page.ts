import { constants, open, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { explainNoRoom, ScenelineError } from '../../model/errors.ts';
import { isWithin } from '../../stages/publish/out-folder.ts';
import { PAGE_MARK } from './page.ts';

/**
 * Before the pictures are cut: throws SL-101 where a page must not be written: inside the title folder, which holds what its report lists and nothing else, over anything that is no
 * page of ours, and where the system takes no file.
 */
export async function checkPagePlace(path: string, titleDir: string): Promise<void> {
  const folder = await realpath(dirname(path)).catch(() => {
    throw new ScenelineError('SL-101', `The folder ${dirname(path)} for the page does not exist.`);
  });
  if (isWithin(join(folder, basename(path)), await realpath(titleDir)))
    throw new ScenelineError('SL-101', `${path} is inside the title folder, which holds nothing but the title. Give another place for the page.`);
  await onPage(path, async () => {
    if (!(await isFreeOrOurs(path))) throw new ScenelineError('SL-101', `${path} exists and is no report page. Give another place for the page.`);
    await writeAside(path, '', async () => {});
  });
}

/** Writes a page aside and puts it in its place in one step. Throws SL-101 when the system does not let it. */
export async function writePage(path: string, page: string): Promise<void> {
  await onPage(path, () => writeAside(path, page, (aside) => rename(aside, path)));
}

async function writeAside(path: string, page: string, use: (aside: string) => Promise<void>): Promise<void> {
  const aside = `${path}.${process.pid}.new`;
  await writeFile(aside, page, { flag: 'wx' });
  try {
    await use(aside);
  } finally {
    await rm(aside, { force: true });
  }
}

async function onPage<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const explained = explainNoRoom(error);
    if (explained instanceof ScenelineError) throw explained;
    throw new ScenelineError('SL-101', `${path} cannot be used for the page: ${(error as Error).message}.`, { cause: error });
  }
}

/** Does not wait for anybody at the other end of a pipe. */
async function isFreeOrOurs(path: string): Promise<boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return true;
  try {
    if (!(await file.stat()).isFile()) return false;
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(PAGE_MARK.length), position: 0 });
    return buffer.toString('latin1', 0, bytesRead) === PAGE_MARK;
  } finally {
    await file.close();
  }
}
