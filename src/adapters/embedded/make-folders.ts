import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from './file-errors.ts';

/**
 * Makes a folder with its missing parents; one that exists is no error. Node's own recursive call hides why a file system takes no folder (read-only) behind ENOENT, and turns
 * for ever, deaf to signals, where the system itself says ENOENT (/proc).
 */
export async function makeFolders(path: string): Promise<void> {
  const first = await makeFolder(path);
  if (first === null) return;
  if (errorCode(first) !== 'ENOENT' || dirname(path) === path) throw first;
  await makeFolders(dirname(path));
  const second = await makeFolder(path);
  if (second !== null) throw second;
}

/** What stands against one folder; null when it is there. */
async function makeFolder(path: string): Promise<unknown> {
  try {
    await mkdir(path);
    return null;
  } catch (error) {
    const isThere = await stat(path).then(
      (facts) => facts.isDirectory(),
      () => false,
    );
    return isThere ? null : error;
  }
}
