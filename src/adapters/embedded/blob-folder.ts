import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isBlobKeyPart } from '../../ports/blob-key.ts';
import type { BlobFacts } from '../../ports/blob-store.ts';
import { errorCode } from './file-errors.ts';

/**
 * How one object lies on the disk: a folder named by the key that holds one file, whose name states its facts. No part of a key
 * can look like such a name, and the folder appears by one rename, so object and facts come and go together.
 */
export type BlobOnDisk = { readonly path: string; readonly facts: BlobFacts };

const CONTENT = /^_(\d{1,16})_(\d{1,16})_([0-9a-f]{64})$/;

export function contentName(facts: BlobFacts): string {
  return `_${facts.sizeBytes}_${facts.writtenMs}_${facts.sha256}`;
}

export function isContentName(name: string): boolean {
  return CONTENT.test(name);
}

/** Names in a folder; none when there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return [];
    throw error;
  }
}

/** The object in a folder; null when there is none, or when its file is not as long as its name states (damaged from outside). */
export async function findBlob(folder: string): Promise<BlobOnDisk | null> {
  const name = (await namesIn(folder)).find(isContentName);
  if (name === undefined) return null;
  const [, size, writtenMs, sha256] = CONTENT.exec(name)!;
  const facts = { sizeBytes: Number(size), sha256, writtenMs: Number(writtenMs) };
  const path = join(folder, name);
  try {
    return (await stat(path)).size === facts.sizeBytes ? { path, facts } : null;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return null;
  }
}

/** Keys below a folder that start with the prefix and come after a key, ascending; `base` is the folder's own key with its slash. */
export async function* keysBelow(folder: string, base: string, prefix: string, after: string): AsyncGenerator<string> {
  const names = (await namesIn(folder)).filter(isBlobKeyPart);
  const places = names.flatMap((name) => [`${base}${name}`, `${base}${name}/`]).sort();
  for (const place of places) {
    const path = join(folder, place.slice(base.length));
    if (place.endsWith('/')) {
      const wanted = place.startsWith(prefix) || prefix.startsWith(place);
      const passed = after > place && !after.startsWith(place);
      if (wanted && !passed) yield* keysBelow(path, place, prefix, after);
    } else if (place.startsWith(prefix) && place > after && (await findBlob(path))) {
      yield place;
    }
  }
}
