import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A file or folder, whatever its names: inode and birth, because inodes are used again. */
export type EntryId = string;

export type Found = {
  readonly id: EntryId;
  readonly kind: 'file' | 'folder' | 'other';
  readonly path: string;
  /** Decimal. */
  readonly size: string;
  readonly mtimeNs: string;
};

/** One line of the journal: the state of a file's content, or of a folder's entries, when it was last flushed. */
export type DurableLine =
  | { readonly file: EntryId; readonly size: string; readonly mtimeNs: string }
  | { readonly folder: EntryId; readonly entries: readonly (readonly [name: string, id: EntryId])[] };

export type Durable = {
  readonly contents: ReadonlyMap<EntryId, { readonly size: string; readonly mtimeNs: string }>;
  /** `order`: later flushes have larger numbers. */
  readonly folders: ReadonlyMap<EntryId, { readonly order: number; readonly entries: ReadonlyMap<string, EntryId> }>;
};

export async function identify(path: string): Promise<Found> {
  const stat = await lstat(path, { bigint: true });
  return {
    id: `${stat.ino}.${stat.birthtimeNs}`,
    kind: stat.isDirectory() ? 'folder' : stat.isFile() ? 'file' : 'other',
    path,
    size: String(stat.size),
    mtimeNs: String(stat.mtimeNs),
  };
}

/** The entries of a folder; those that go while it is read are left out. */
export async function foundIn(folder: string): Promise<readonly (readonly [name: string, found: Found])[]> {
  const found = await Promise.all((await readdir(folder)).map(async (name) => [name, await identify(join(folder, name)).catch(() => null)] as const));
  return found.filter((entry): entry is [string, Found] => entry[1] !== null);
}

export async function folderLine(folder: string): Promise<DurableLine> {
  const { id } = await identify(folder);
  return { folder: id, entries: (await foundIn(folder)).map(([name, found]) => [name, found.id] as const) };
}

/** A journal that says: all below the root is durable as it is. */
export async function writeBaseline(root: string, journalFile: string): Promise<void> {
  const lines: DurableLine[] = [];
  const visit = async (folder: string) => {
    lines.push(await folderLine(folder));
    for (const [, found] of await foundIn(folder)) {
      if (found.kind === 'folder') await visit(found.path);
      if (found.kind === 'file') lines.push({ file: found.id, size: found.size, mtimeNs: found.mtimeNs });
    }
  };
  await visit(root);
  await writeFile(journalFile, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** What the journal says in the end. A last line that a killed process did not finish is left out. */
export async function readDurable(journalFile: string): Promise<Durable> {
  const contents = new Map<EntryId, { size: string; mtimeNs: string }>();
  const folders = new Map<EntryId, { order: number; entries: ReadonlyMap<string, EntryId> }>();
  const text = await readFile(journalFile, 'utf8');
  for (const [order, json] of text.slice(0, text.lastIndexOf('\n')).split('\n').entries()) {
    const line: DurableLine = JSON.parse(json);
    if ('file' in line) contents.set(line.file, line);
    else folders.set(line.folder, { order, entries: new Map(line.entries) });
  }
  return { contents, folders };
}
