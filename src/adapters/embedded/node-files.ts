import { link, open, rename, rm } from 'node:fs/promises';
import type { Files } from '../../ports/files.ts';
import { makeFolders } from './make-folders.ts';

/** Files of this machine. */
export class NodeFiles implements Files {
  async syncFile(path: string): Promise<void> {
    await sync(path, 'r+');
  }

  async syncFolder(path: string): Promise<void> {
    await sync(path, 'r');
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(from, to);
  }

  async link(from: string, to: string): Promise<void> {
    await link(from, to);
  }

  async mkdir(path: string): Promise<void> {
    await makeFolders(path);
  }

  async remove(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true });
  }
}

async function sync(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
