import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives `work` an empty folder of its own among the system's temporary files, and removes it with all in it however `work` ends. */
export async function withScratch<T>(work: (scratch: { readonly scratchDir: string }) => Promise<T>): Promise<T> {
  const scratchDir = await mkdtemp(join(tmpdir(), 'sceneline-'));
  try {
    return await work({ scratchDir });
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}
