import { access, constants, mkdir, readdir, readFile, readlink, realpath, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';
import { parseReport } from '../../model/report.ts';

const REPORT_FILE = 'report.json';

/** What the system says of a place that cannot be written, or is gone. No room has a code of its own. */
const UNUSABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG', 'ENOENT', 'ENOTDIR', 'ELOOP', 'EBUSY', 'EIO']);

/** A folder of ours beside the output folder, of a name as long whatever it is for: a trial, a title being put together, the version before it. */
export function besideOutFolder(outDir: string, use: 'try' | 'new' | 'old'): string {
  return join(dirname(outDir), `.${basename(outDir)}.sceneline-${use}`);
}

/** Does what touches the output folder, its neighbours and the folders above; SL-118 says in words why the system does not let it. */
export async function onOutFolder<T>(outDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code = '', path, dest, message } = error as NodeJS.ErrnoException & { readonly dest?: string };
    const places = [path, dest].filter((place) => place !== undefined);
    const isHere = places.length === 0 || places.some((place) => isWithin(place, dirname(outDir)) || isWithin(outDir, place));
    if (error instanceof ScenelineError || !UNUSABLE.has(code) || !isHere) throw error;
    throw new ScenelineError('SL-118', `${outDir} cannot be made or replaced: ${message}.`, { cause: error });
  }
}

/**
 * Before hours of work: makes and removes a folder where the title will be put together, or where the first missing folder above it will be made, and asks
 * whether an earlier title may be replaced. Throws SL-118 when not.
 */
export async function tryOutFolder(outDir: string): Promise<void> {
  await onOutFolder(outDir, async () => {
    const trial = besideOutFolder(await firstToMake(outDir), 'try');
    await mkdir(trial).catch(unless('EEXIST'));
    await rmdir(trial).catch(unless('ENOENT'));
    const facts = await stat(outDir).catch(unless('ENOENT'));
    if (!facts) return;
    await access(outDir, constants.W_OK | constants.X_OK);
    if (facts.dev !== (await stat(dirname(outDir))).dev)
      throw new ScenelineError('SL-118', `${outDir} is where a disk is mounted, and cannot be replaced in one step. Name a folder in it.`);
  });
}

/** The topmost folder of a path that is missing, or the path itself where all above it is there: publishing makes them. Throws SL-107 where a file is in the way. */
export async function firstToMake(path: string): Promise<string> {
  const parent = dirname(path);
  const facts = await stat(parent).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  });
  if (!facts) return firstToMake(parent);
  if (!facts.isDirectory()) throw new ScenelineError('SL-107', `${parent} is not a folder, so nothing can be made in it.`);
  return path;
}

function unless(code: string): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (error.code !== code) throw error;
  };
}

/**
 * Throws SL-107 unless a finished title can take the place of the folder: it is absent, empty, or has a title of ours and nothing that its report does not list;
 * SL-118 when it cannot be read.
 */
export async function checkOutFolder(outDir: string): Promise<void> {
  const foreign = await onOutFolder(outDir, () => firstForeign(outDir));
  if (foreign !== null) throw new ScenelineError('SL-107', `${join(outDir, foreign)} is not of a title of ours, and would be lost.`);
}

/** Throws SL-107 when making the title would take away what it is made from or with: sources inside the output folder, or it and the state folder one in the other. */
export async function checkApart(paths: { readonly outDir: string; readonly sourcePaths: readonly string[]; readonly stateDir: string }): Promise<void> {
  const [outDir, stateDir] = [await realPlace(paths.outDir), await realPlace(paths.stateDir)];
  for (const path of paths.sourcePaths) {
    if (isWithin(await realPlace(path), outDir)) throw new ScenelineError('SL-107', `The source ${path} is inside the output folder ${outDir}.`);
  }
  if (isWithin(stateDir, outDir)) throw new ScenelineError('SL-107', `The state folder ${stateDir} is inside the output folder ${outDir}.`);
  if (isWithin(outDir, stateDir)) throw new ScenelineError('SL-107', `The output folder ${outDir} is inside the state folder ${stateDir}.`);
}

/** Whether an absolute path is a folder or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Where a path leads when every link is followed, also for what is not there yet, behind a link or not. */
export async function realPlace(path: string): Promise<string> {
  const absolute = resolve(path);
  return realpath(absolute).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') return absolute;
    const parent = await realPlace(dirname(absolute));
    const target = await readlink(absolute).catch(() => null);
    return target === null ? join(parent, basename(absolute)) : realPlace(resolve(parent, target));
  });
}

/** The first thing in a folder that is not of a title of ours, as a path in it; '' when it is no folder. */
async function firstForeign(outDir: string): Promise<string | null> {
  const names = await readdir(outDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (names === null) return '';
  return names.length === 0 ? null : firstUnlisted(outDir, await listedFiles(outDir));
}

/** What the report of a folder lists, and the report itself; nothing when there is no report that can be read. */
async function listedFiles(outDir: string): Promise<Set<string>> {
  try {
    const report = parseReport(await readFile(join(outDir, REPORT_FILE), 'utf8'));
    return new Set([REPORT_FILE, ...report.files.map(({ file }) => file)]);
  } catch {
    return new Set();
  }
}

async function firstUnlisted(outDir: string, listed: ReadonlySet<string>): Promise<string | null> {
  const folders = new Set([...listed].flatMap(foldersAbove));
  const walk = async (folder: string): Promise<string | null> => {
    for (const entry of await readdir(join(outDir, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isFile() && listed.has(path)) continue;
      if (!entry.isDirectory() || !folders.has(path)) return path;
      const inside = await walk(path);
      if (inside !== null) return inside;
    }
    return null;
  };
  return walk('');
}

/** `a` and `a/b` for `a/b/c`. */
function foldersAbove(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}
