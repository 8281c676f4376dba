import { createHash } from 'node:crypto';
import { copyFile, open, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';
import { blobKeyParts, isBlobKeyPart } from '../../ports/blob-key.ts';
import { keyPage, lastKeyOf } from '../../ports/blob-page.ts';
import type { BlobFacts, BlobStore } from '../../ports/blob-store.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import { checkLimit } from '../../ports/cursor.ts';
import type { Files } from '../../ports/files.ts';
import { contentName, findBlob, isContentName, keysBelow, namesIn } from './blob-folder.ts';
import { errorCode, explainFileError } from './file-errors.ts';
import { makeStateFolder } from './state-folder.ts';

/** No key has a part that starts with a dot. */
const ASIDE = '.aside';
/** Whatever was left aside by an owner that we cannot judge is nobody's after this long. */
const ASIDE_MAX_AGE_MS = 7 * 24 * 3_600_000;
/** Another writer or a delete may come between any two steps; more often than this it is not chance. */
const TRIES = 5;
const HASH_BLOCK_BYTES = 1 << 20;
const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'];

type World = {
  /** Absolute. */
  readonly root: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  /** Worker name of this process: marks what it has aside. */
  readonly owner: string;
  readonly isOwnerDead: (owner: string) => boolean;
};

/**
 * Objects as files below a folder. An object is made aside in the same file system and flushed, then appears by one rename
 * of its folder, which the system refuses when the key is taken. So at every moment it is there whole, with its facts, or not at all:
 *
 *   .aside/<owner>~<id>/content       written (or moved here), flushed, hashed
 *   .aside/<owner>~<id>/_size_ms_sha  renamed to its facts, folder flushed
 *   part/part/name/_size_ms_sha       folder renamed to the key, parent folders flushed: acknowledged
 *
 * A key cannot be a folder of another key.
 */
export class FileBlobStore implements BlobStore {
  readonly #world: World;
  /** Folders whose own entries are known to be flushed. */
  readonly #durable = new Set<string>();

  private constructor(world: World) {
    this.#world = world;
  }

  /** Makes the folder where needed and removes what dead processes left aside. Throws SL-106 when it cannot be written, SL-110 without room. */
  static async open(world: World): Promise<FileBlobStore> {
    const store = new FileBlobStore(world);
    return store.#explained(async () => {
      await makeStateFolder(world.files, world.root);
      await makeStateFolder(world.files, join(world.root, ASIDE));
      await store.#removeLeftovers();
      return store;
    });
  }

  async put(key: string, bytes: Uint8Array): Promise<BlobFacts> {
    return this.#create(key, async (path) => {
      await writeFile(path, bytes);
    });
  }

  async putFile(key: string, path: string): Promise<BlobFacts> {
    return this.#create(key, async (content) => {
      try {
        await this.#world.files.rename(path, content);
      } catch (error) {
        if (errorCode(error) !== 'EXDEV') throw error;
        await copyFile(path, content);
      }
    });
  }

  async stat(key: string): Promise<BlobFacts | null> {
    return (await findBlob(this.#folderOf(key)))?.facts ?? null;
  }

  async read(key: string, range?: { start: number; endExclusive: number }): Promise<Uint8Array> {
    const blob = await findBlob(this.#folderOf(key));
    if (!blob) throw missing(key);
    const { start, endExclusive } = range ?? { start: 0, endExclusive: blob.facts.sizeBytes };
    checkRange(start, endExclusive);
    if (endExclusive > blob.facts.sizeBytes) throw short(key, blob.facts.sizeBytes, endExclusive);
    const bytes = await readRange(blob.path, start, endExclusive).catch((error) => {
      throw errorCode(error) === 'ENOENT' ? missing(key) : error;
    });
    if (bytes.length < endExclusive - start) throw short(key, start + bytes.length, endExclusive);
    return bytes;
  }

  /** The path is a second name of the file, so a delete meanwhile does not take it away. It ends like the key. */
  async openLocal(key: string): Promise<{ path: string; release(): Promise<void> }> {
    const blob = await findBlob(this.#folderOf(key));
    if (!blob) throw missing(key);
    return this.#explained(async () => {
      const aside = await this.#newAside();
      const path = join(aside, blobKeyParts(key).at(-1)!);
      const release = () => this.#world.files.remove(aside);
      try {
        await this.#world.files.link(blob.path, path);
        return { path, release };
      } catch (error) {
        await release();
        if (errorCode(error) === 'ENOENT') throw missing(key);
        if (!NO_HARD_LINKS.includes(errorCode(error) ?? '')) throw error;
        return { path: blob.path, release: async () => {} };
      }
    });
  }

  async delete(key: string): Promise<void> {
    const folder = this.#folderOf(key);
    const names = await namesIn(folder);
    if (names.length === 0 || !names.every(isContentName)) return;
    const aside = this.#asidePath();
    try {
      await this.#world.files.rename(folder, aside);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return;
      throw explainFileError(error, this.#world.root);
    }
    await this.#world.files.remove(aside);
  }

  async list(prefix: string, cursor: string | null, limit: number): Promise<{ keys: readonly string[]; cursor: string | null }> {
    checkLimit(limit);
    const after = lastKeyOf(cursor);
    const found: string[] = [];
    for await (const key of keysBelow(this.#world.root, '', prefix, after)) {
      found.push(key);
      if (found.length > limit) break;
    }
    return keyPage(found, limit);
  }

  async #create(key: string, fill: (path: string) => Promise<void>): Promise<BlobFacts> {
    const folder = this.#folderOf(key);
    return this.#explained(async () => {
      const first = await findBlob(folder);
      if (first) {
        await this.#makeFoldersAbove(key);
        await this.#world.files.syncFolder(dirname(folder));
        return first.facts;
      }
      const aside = await this.#newAside();
      try {
        const facts = await this.#finishAside(aside, fill);
        return await this.#reveal(key, aside, facts);
      } finally {
        await this.#world.files.remove(aside);
      }
    });
  }

  /** Leaves the whole object aside, flushed, under the name of its facts. */
  async #finishAside(aside: string, fill: (path: string) => Promise<void>): Promise<BlobFacts> {
    const { files, clock } = this.#world;
    const content = join(aside, 'content');
    await fill(content);
    const [sha256] = await Promise.all([sha256Of(content), files.syncFile(content)]);
    const facts = { sizeBytes: (await stat(content)).size, sha256, writtenMs: clock.nowMs() };
    await files.rename(content, join(aside, contentName(facts)));
    await files.syncFolder(aside);
    return facts;
  }

  /** Makes the object visible, or returns the facts of the one that was first. Durable when it returns. */
  async #reveal(key: string, aside: string, facts: BlobFacts): Promise<BlobFacts> {
    const folder = this.#folderOf(key);
    for (let tries = 1; ; tries += 1) {
      await this.#makeFoldersAbove(key);
      try {
        await this.#world.files.rename(aside, folder);
        await this.#world.files.syncFolder(dirname(folder));
        return facts;
      } catch (error) {
        const code = errorCode(error) ?? '';
        if (tries === TRIES || !['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(code)) throw error;
        if (code === 'ENOENT') this.#durable.clear();
      }
      const first = await findBlob(folder);
      if (first) {
        await this.#world.files.syncFolder(dirname(folder));
        return first.facts;
      }
      await this.#clearDamaged(key);
    }
  }

  /** Moves away what is at a key and is no whole object. */
  async #clearDamaged(key: string): Promise<void> {
    const { files } = this.#world;
    const folder = this.#folderOf(key);
    if ((await namesIn(folder)).some(isBlobKeyPart)) throw new RangeError(`${key} is a folder of other objects`);
    const aside = this.#asidePath();
    try {
      await files.rename(folder, aside);
      // Another writer may have been as quick: its whole object goes back.
      if (await findBlob(aside)) await files.rename(aside, folder);
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error;
    }
    await files.remove(aside);
  }

  /** The folders above a key, their entries flushed. */
  async #makeFoldersAbove(key: string): Promise<void> {
    const { files, root } = this.#world;
    let folder = root;
    for (const part of blobKeyParts(key).slice(0, -1)) {
      const parent = folder;
      folder = join(folder, part);
      if (this.#durable.has(folder)) continue;
      await files.mkdir(folder);
      if ((await namesIn(folder)).some(isContentName)) throw new RangeError(`${key} lies below an object`);
      await files.syncFolder(parent);
      this.#durable.add(folder);
    }
  }

  async #removeLeftovers(): Promise<void> {
    const { root, files, clock, isOwnerDead } = this.#world;
    for (const name of await namesIn(join(root, ASIDE))) {
      const path = join(root, ASIDE, name);
      const owner = name.slice(0, name.lastIndexOf('~')).replaceAll('+', ':');
      const left = isOwnerDead(owner) || clock.nowMs() - ((await stat(path).catch(() => null))?.mtimeMs ?? 0) > ASIDE_MAX_AGE_MS;
      if (left) await files.remove(path);
    }
  }

  async #newAside(): Promise<string> {
    const aside = this.#asidePath();
    await this.#world.files.mkdir(aside);
    return aside;
  }

  /** No colon in it: media tools give that a meaning. */
  #asidePath(): string {
    return join(this.#world.root, ASIDE, `${this.#world.owner.replaceAll(':', '+')}~${this.#world.random.id()}`);
  }

  #folderOf(key: string): string {
    return join(this.#world.root, ...blobKeyParts(key));
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explainFileError(error, this.#world.root);
    }
  }
}

/** One buffer for the whole file: streams make a new one for every read, faster than memory is given back. */
async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(path, 'r');
  try {
    const buffer = new Uint8Array(Math.min(HASH_BLOCK_BYTES, (await handle.stat()).size + 1));
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

/** As many bytes of the range as the file has. */
async function readRange(path: string, start: number, endExclusive: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(endExclusive - start);
  const handle = await open(path, 'r');
  try {
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, Math.min(bytes.length - filled, 1 << 30), start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

function checkRange(start: number, endExclusive: number): void {
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(endExclusive);
  if (!whole || start < 0 || endExclusive < start) throw new RangeError(`not a range of bytes: ${start} to ${endExclusive}`);
}

function missing(key: string): ScenelineError {
  return new ScenelineError('SL-905', `The stored object ${key} is missing.`);
}

function short(key: string, sizeBytes: number, endExclusive: number): ScenelineError {
  return new ScenelineError('SL-905', `The stored object ${key} ends at byte ${sizeBytes}; byte ${endExclusive} was asked for.`);
}
