import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { ScenelineError } from '../../model/errors.ts';
import { type FileSight, looksUnchanged, type SourceSeal } from '../../model/source.ts';

const READ_BYTES = 4 * 1024 * 1024;

/** Looks at a source. Throws SL-105 when it is not a readable regular file. */
export async function sightSource(path: string): Promise<FileSight> {
  try {
    const real = await realpath(path);
    const facts = await stat(real, { bigint: true });
    if (!facts.isFile()) throw new ScenelineError('SL-105', `${path} is not a file.`);
    return { path: real, sizeBytes: Number(facts.size), modifiedNs: String(facts.mtimeNs), inode: `${facts.dev}:${facts.ino}` };
  } catch (error) {
    if (error instanceof ScenelineError) throw error;
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new ScenelineError('SL-105', `The source ${path} cannot be read: ${reason}.`, { cause: error });
  }
}

/**
 * Seals a source: reads it once for its SHA-256. `onBytes` gets the count read so far.
 * Throws SL-105 when it cannot be read or changes while it is read.
 */
export async function sealSource(path: string, onBytes: (bytes: number) => void, signal?: AbortSignal): Promise<SourceSeal> {
  const before = await sightSource(path);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(before.path, { highWaterMark: READ_BYTES, signal })) {
    hash.update(piece);
    bytes += piece.length;
    onBytes(bytes);
  }
  if (bytes !== before.sizeBytes || !looksUnchanged(await sightSource(path), before)) {
    throw new ScenelineError('SL-105', `The source ${path} changed while it was read; start again when it is complete.`);
  }
  return { ...before, sha256: hash.digest('hex') };
}
