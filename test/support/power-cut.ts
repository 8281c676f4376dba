import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ForgetfulFiles, journalPaths } from './forgetful-files.ts';
import { type Durable, type EntryId, type Found, foundIn, identify, readDurable } from './forgetful-journal.ts';

export type PowerCut = {
  readonly root: string;
  readonly journal: string;
  readonly seed: number;
  /** Chance that something never flushed is on the disk all the same, 0 to 1. A real disk may do either, for each thing on its own. */
  readonly luck: number;
};

/** SQLite flushes its files itself. */
const SQLITE = /\.db(-wal|-shm|-journal)?$/;

/**
 * Makes the folder look as after a power cut, and starts the journal anew. No process may be using it.
 * A folder has the entries of its last flush: what was created or moved in since is gone, what was removed or moved away is back (of a folder
 * moved between two folders, the later flush decides). Where a file's content changed since its last flush it is empty, cut off, or garbage.
 * Removals and replacements that did not go through `ForgetfulFiles` cannot be undone. Answers what was taken away, as paths below the root.
 */
export async function cutPower(cut: PowerCut): Promise<{ lost: readonly string[]; damaged: readonly string[] }> {
  const { root, journal } = cut;
  const { lines, rebuilt } = journalPaths(journal);
  const rebuilding = new Rebuilding(cut, await readDurable(lines));
  await rebuilding.discover(root, null);
  await rebuilding.discover(journalPaths(journal).graveyard, null);
  await rebuilding.folder((await identify(root)).id, rebuilt);
  await rebuilding.keepSqliteFiles(rebuilt);
  for (const name of await readdir(root)) await rm(join(root, name), { recursive: true, force: true });
  for (const name of await readdir(rebuilt)) await rename(join(rebuilt, name), join(root, name));
  await ForgetfulFiles.begin(root, journal);
  return { lost: rebuilding.lost.sort(), damaged: rebuilding.damaged.sort() };
}

class Rebuilding {
  readonly lost: string[] = [];
  readonly damaged: string[] = [];
  readonly #cut: PowerCut;
  readonly #durable: Durable;
  readonly #random: () => number;
  readonly #found = new Map<EntryId, Found>();
  readonly #nowIn = new Map<EntryId, ReadonlyMap<string, EntryId>>();
  readonly #parentNow = new Map<EntryId, EntryId | null>();
  /** A folder is in one place: that of the latest flush that shows it. */
  readonly #flushedIn: ReadonlyMap<EntryId, EntryId>;
  readonly #placedFolders = new Set<EntryId>();
  readonly #damagedCopies = new Map<EntryId, string>();
  readonly #sqliteFiles: string[] = [];

  constructor(cut: PowerCut, durable: Durable) {
    this.#cut = cut;
    this.#durable = durable;
    this.#random = seeded(cut.seed);
    const inOrder = [...durable.folders].sort(([, a], [, b]) => a.order - b.order);
    this.#flushedIn = new Map(inOrder.flatMap(([parent, { entries }]) => [...entries.values()].map((entry) => [entry, parent] as const)));
  }

  /** Learns what exists, under whatever name. */
  async discover(folder: string, parent: EntryId | null): Promise<void> {
    const self = await identify(folder);
    const entries = await foundIn(folder);
    this.#found.set(self.id, self);
    this.#parentNow.set(self.id, parent);
    this.#nowIn.set(self.id, new Map(entries.filter(([name]) => !SQLITE.test(name)).map(([name, { id }]) => [name, id])));
    for (const [name, found] of entries) {
      if (found.kind === 'folder') await this.discover(found.path, self.id);
      else if (SQLITE.test(name)) this.#sqliteFiles.push(found.path);
      else this.#found.set(found.id, found);
    }
  }

  /** Builds at `target` what the disk still has of a folder. */
  async folder(id: EntryId, target: string): Promise<void> {
    await mkdir(target, { recursive: true });
    const flushed = this.#durable.folders.get(id)?.entries ?? new Map<string, EntryId>();
    const now = this.#nowIn.get(id) ?? new Map<string, EntryId>();
    for (const name of [...new Set([...flushed.keys(), ...now.keys()])].sort()) {
      if (SQLITE.test(name)) continue;
      const asNow = flushed.get(name) === now.get(name) || this.#random() < this.#cut.luck;
      const entry = asNow ? now.get(name) : flushed.get(name);
      const found = entry === undefined ? undefined : this.#found.get(entry);
      const placed = found !== undefined && (await this.#place(found, id, join(target, name)));
      if (!placed && now.has(name)) this.lost.push(this.#below(join(target, name)));
    }
  }

  async keepSqliteFiles(rebuilt: string): Promise<void> {
    for (const path of this.#sqliteFiles) {
      const target = join(rebuilt, relative(this.#cut.root, path));
      await mkdir(dirname(target), { recursive: true });
      await link(path, target);
    }
  }

  async #place(found: Found, parent: EntryId, target: string): Promise<boolean> {
    if (found.kind !== 'folder') {
      await link(found.kind === 'file' ? await this.#content(found, target) : found.path, target);
      return true;
    }
    if (this.#placedFolders.has(found.id) || (this.#flushedIn.get(found.id) ?? this.#parentNow.get(found.id)) !== parent) return false;
    this.#placedFolders.add(found.id);
    await this.folder(found.id, target);
    return true;
  }

  /** A path that holds what the disk has of a file. The file itself is never changed: it may have names outside. */
  async #content(found: Found, target: string): Promise<string> {
    const copy = this.#damagedCopies.get(found.id);
    if (copy) return copy;
    const flushed = this.#durable.contents.get(found.id);
    const whole = flushed?.size === found.size && flushed.mtimeNs === found.mtimeNs;
    if (whole || found.size === '0' || this.#random() < this.#cut.luck) return found.path;
    const damaged = join(journalPaths(this.#cut.journal).graveyard, `damaged-${this.#damagedCopies.size}`);
    await writeFile(damaged, this.#damage(await readFile(found.path)));
    this.#damagedCopies.set(found.id, damaged);
    this.damaged.push(this.#below(target));
    return damaged;
  }

  #damage(bytes: Uint8Array): Uint8Array {
    const kind = Math.floor(this.#random() * 3);
    if (kind === 0) return new Uint8Array();
    const kept = Math.floor(this.#random() * bytes.length);
    if (kind === 1) return bytes.subarray(0, kept);
    return bytes.map((byte, at) => (at < kept ? byte : Math.floor(this.#random() * 256)));
  }

  #below(target: string): string {
    return relative(journalPaths(this.#cut.journal).rebuilt, target);
  }
}

/** Numbers from 0 to below 1, the same for the same seed (a 32-bit mixing generator). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}
