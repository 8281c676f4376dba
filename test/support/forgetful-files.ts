import { appendFileSync } from 'node:fs';
import { access, link, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { Files } from '../../src/ports/files.ts';
import { type DurableLine, folderLine, identify, writeBaseline } from './forgetful-journal.ts';

/** Where a journal keeps its things: a folder beside the root, in the same file system. */
export function journalPaths(journal: string) {
  return { lines: join(journal, 'durable.jsonl'), graveyard: join(journal, 'graveyard'), rebuilt: join(journal, 'rebuilt') };
}

/**
 * Real file operations, with a journal of what was made durable below `root`, so that `cutPower` can take the rest away.
 * Several processes may share one journal, and it survives their death. What others do below the root (our own streams, ffmpeg)
 * is durable only where somebody synced it through here. Nothing is really flushed: only a real power cut would need that.
 */
export class ForgetfulFiles implements Files {
  readonly #root: string;
  readonly #journal: string;
  #buried = 0;

  private constructor(root: string, journal: string) {
    this.#root = root;
    this.#journal = journal;
  }

  /** Starts a journal anew: all that is below the root now counts as durable. */
  static async begin(root: string, journal: string): Promise<ForgetfulFiles> {
    await rm(journal, { recursive: true, force: true });
    await mkdir(journalPaths(journal).graveyard, { recursive: true });
    await writeBaseline(root, journalPaths(journal).lines);
    return new ForgetfulFiles(root, journal);
  }

  /** Goes on with a journal that another process began. */
  static async join(root: string, journal: string): Promise<ForgetfulFiles> {
    await access(journalPaths(journal).lines);
    return new ForgetfulFiles(root, journal);
  }

  async syncFile(path: string): Promise<void> {
    const { id, size, mtimeNs } = await identify(path);
    this.#note({ file: id, size, mtimeNs });
  }

  async syncFolder(path: string): Promise<void> {
    this.#note(await folderLine(path));
  }

  async rename(from: string, to: string): Promise<void> {
    if (this.#isBelowRoot(to)) await this.#keepReplaced(to);
    await rename(from, to);
  }

  async link(from: string, to: string): Promise<void> {
    await link(from, to);
  }

  async mkdir(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
  }

  /** Below the root it only moves away: a power cut may bring it back. */
  async remove(path: string): Promise<void> {
    if (!this.#isBelowRoot(path)) return rm(path, { recursive: true, force: true });
    await rename(path, this.#grave(path)).catch((error) => {
      if (!['ENOENT', 'ENOTDIR'].includes(error.code)) throw error;
    });
  }

  /** A file that a rename takes the place of gets a hidden second name. */
  async #keepReplaced(path: string): Promise<void> {
    const replaced = await lstat(path).catch(() => null);
    if (replaced?.isFile()) await link(path, this.#grave(path));
  }

  #grave(path: string): string {
    this.#buried += 1;
    return join(journalPaths(this.#journal).graveyard, `${process.pid}-${performance.timeOrigin}-${this.#buried}-${basename(path)}`);
  }

  #isBelowRoot(path: string): boolean {
    const inside = relative(this.#root, path);
    return inside !== '' && inside.split('/')[0] !== '..';
  }

  #note(line: DurableLine): void {
    appendFileSync(journalPaths(this.#journal).lines, `${JSON.stringify(line)}\n`);
  }
}
