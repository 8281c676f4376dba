import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseReport, type Report } from '../../model/report.ts';
import type { FaultList } from './faults.ts';

export const REPORT_FILE = 'report.json';
const MAX_REPORT_BYTES = 256 * 1024 * 1024;
const MAX_FILES = 10_000;
const MAX_DEPTH = 4;

/** Sizes of the files of a title folder by their paths in it; `report.json` is left out. */
export type TitleFolder = ReadonlyMap<string, number>;

/** Lists a title folder. What is neither a file nor a folder is a fault; links are not followed. */
export async function listFolder(dir: string, faults: FaultList): Promise<TitleFolder> {
  const found = new Map<string, number>();
  const walk = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await readdir(join(dir, folder), { withFileTypes: true })) {
      const file = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (found.size >= MAX_FILES) throw new RangeError(`there are more than ${MAX_FILES} files`);
      if (entry.isDirectory() && depth < MAX_DEPTH) await walk(file, depth + 1);
      else if (!entry.isFile()) faults.add(file, 'is no plain file');
      else if (file !== REPORT_FILE) found.set(file, (await stat(join(dir, file))).size);
    }
  };
  await walk('', 0);
  return found;
}

/** Reads the claims. Throws RangeError when there is no report that can be read. */
export async function readReport(dir: string): Promise<Report> {
  const path = join(dir, REPORT_FILE);
  if ((await stat(path)).size > MAX_REPORT_BYTES) throw new RangeError('is too large');
  return parseReport(await readFile(path, 'utf8'));
}

/** Holds every file to what the report says of it: there, of that size, with that SHA-256; and no file besides. */
export async function checkFiles(input: { dir: string; report: Report; folder: TitleFolder; signal: AbortSignal }, faults: FaultList): Promise<void> {
  const { dir, report, folder, signal } = input;
  const claimed = new Set<string>();
  for (const { file, sizeBytes, sha256 } of report.files) {
    if (claimed.has(file)) faults.add(REPORT_FILE, `names ${file} twice`);
    claimed.add(file);
    const actualBytes = folder.get(file);
    if (actualBytes === undefined) faults.add(file, 'is missing');
    else if (actualBytes !== sizeBytes) faults.add(file, `has ${actualBytes} bytes and the report says ${sizeBytes}`);
    else {
      const actual = await faults.attempt(file, () => sha256Of(join(dir, file), signal));
      if (actual !== null && actual !== sha256) faults.add(file, `has SHA-256 ${actual} and the report says ${sha256}`);
    }
  }
  for (const file of folder.keys()) if (!claimed.has(file)) faults.add(file, 'is not in the report');
}

export async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal });
  return hash.digest('hex');
}
