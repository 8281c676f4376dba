import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Linux keeps this folder in memory. */
const IN_MEMORY = '/dev/shm';

export type TempFolder = { readonly path: string; remove(): Promise<void> };

/** A folder of the test's own. `memory`: for tests that ask nothing of the disk; in memory where the machine has such a folder. */
export async function tempFolder(kind: 'disk' | 'memory' = 'disk'): Promise<TempFolder> {
  const path = await mkdtemp(join(kind === 'memory' && isWritable(IN_MEMORY) ? IN_MEMORY : tmpdir(), 'sceneline-embedded-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
