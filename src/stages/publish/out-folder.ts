import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';
import { parseReport } from '../../model/report.ts';

const REPORT_FILE = 'report.json';

/** Throws SL-107 unless a finished title can take the place of the folder: it is absent, empty, or has a title of ours and nothing that its report does not list. */
export async function checkOutFolder(outDir: string): Promise<void> {
  const foreign = await firstForeign(outDir);
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
function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** The path without links, also of what is not there yet. */
async function realPlace(path: string): Promise<string> {
  const absolute = resolve(path);
  return realpath(absolute).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') return absolute;
    return join(await realPlace(dirname(absolute)), basename(absolute));
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
