import { makeDurableFolder } from '../../ports/durable-folder.ts';
import type { Files } from '../../ports/files.ts';
import { explainFolderError } from './file-errors.ts';

/** Makes what lies in the state folder, durably: SL-110 without room, SL-106 for whatever else the system has against it. */
export async function makeStateFolder(files: Files, folder: string): Promise<void> {
  try {
    await makeDurableFolder(files, folder);
  } catch (error) {
    throw explainFolderError(error, folder);
  }
}
