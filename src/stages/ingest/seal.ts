import { createHash } from 'node:crypto';
import { open, realpath, stat } from 'node:fs/promises';
import { ScenelineError } from '../../model/errors.ts';
import { type FileSight, looksUnchanged, type SourceSeal } from '../../model/source.ts';

const READ_BYTES = 1024 * 1024;
const REASONS: { readonly [errno: string]: string } = { ENOENT: 'there is no such file', EACCES: 'permission denied', EIO: 'reading it fails' };

/** Looks at a source without reading it. Throws SL-105 when it is not a readable regular file. */
export async function sightSource(path: string): Promise<FileSight> {
  try {
    const real = await realpath(path);
    const facts = await stat(real, { bigint: true });
    if (!facts.isFile()) throw new ScenelineError('SL-105', `${path} is not a file.`);
    await (await open(real)).close();
    return { path: real, sizeBytes: Number(facts.size), modifiedNs: String(facts.mtimeNs), inode: `${facts.dev}:${facts.ino}` };
  } catch (error) {
    if (error instanceof ScenelineError) throw error;
    throw unreadable(path, error);
  }
}

/**
 * Seals a source: reads it once for its SHA-256. `onBytes` gets the count read so far.
 * Throws SL-105 when it cannot be read or changes while it is read.
 */
export async function sealSource(path: string, onBytes: (bytes: number) => void, signal?: AbortSignal): Promise<SourceSeal> {
  const before = await sightSource(path);
  const { bytes, sha256 } = await readWhole(before.path, onBytes, signal);
  if (bytes !== before.sizeBytes || !looksUnchanged(await sightSource(path), before)) {
    throw new ScenelineError('SL-105', `The source ${path} changed while it was read; start again when it is complete.`);
  }
  return { ...before, sha256 };
}

/** Reads into one buffer again and again: a new one for each piece would stay in memory until the collector comes by. */
async function readWhole(path: string, onBytes: (bytes: number) => void, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const file = await open(path);
  try {
    for (let bytes = 0; ; onBytes(bytes)) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, buffer.length, bytes).catch((error) => {
        throw unreadable(path, error);
      });
      if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}

function unreadable(path: string, cause: unknown): ScenelineError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new ScenelineError('SL-105', `The source ${path} cannot be read: ${REASONS[code ?? ''] ?? message}.`, { cause });
}
