import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Files } from './files.ts';

/** Makes a folder with its missing parents so that it is still there after a power cut: a new entry is flushed by syncing the folder that holds it. */
export async function makeDurableFolder(files: Files, folder: string): Promise<void> {
  const parent = dirname(folder);
  if (await isMissing(folder)) {
    if (parent !== folder) await makeDurableFolder(files, parent);
    await files.mkdir(folder);
    await files.syncFolder(parent);
    return;
  }
  // It may be new, made by somebody who did not sync yet. A parent that we may not read is not new.
  await files.syncFolder(parent).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EACCES') throw error;
  });
}

async function isMissing(path: string): Promise<boolean> {
  try {
    await access(path);
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return true;
  }
}
