import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';
import type { Files } from '../../ports/files.ts';
import { errorCode, explainFileError } from './file-errors.ts';

/** Makes a folder with its missing parents so that it is still there after a power cut: a new entry is flushed by syncing the folder that holds it. */
async function makeDurableFolder(files: Files, folder: string): Promise<void> {
  const parent = dirname(folder);
  if (await isMissing(folder)) {
    if (parent !== folder) await makeDurableFolder(files, parent);
    await files.mkdir(folder);
    await files.syncFolder(parent);
    return;
  }
  // It may be new, made by somebody who did not sync yet. A parent that we may not read is not new.
  await files.syncFolder(parent).catch((error) => {
    if (errorCode(error) !== 'EACCES') throw error;
  });
}

/** The same for what lies in the state folder: SL-110 without room, SL-106 for whatever else the system has against it. */
export async function makeStateFolder(files: Files, folder: string): Promise<void> {
  try {
    await makeDurableFolder(files, folder);
  } catch (error) {
    const explained = explainFileError(error, folder);
    if (explained instanceof ScenelineError || errorCode(error) === null) throw explained;
    throw new ScenelineError('SL-106', `The state folder ${folder} cannot be created (${errorCode(error)}).`, { cause: error });
  }
}

async function isMissing(path: string): Promise<boolean> {
  try {
    await access(path);
    return false;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return true;
  }
}
