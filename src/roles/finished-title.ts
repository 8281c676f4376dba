import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseReport, type Report } from '../model/report.ts';
import type { Title } from '../model/title.ts';

/** The report of a title folder whose files are all there with their recorded sizes, or null. Contents are not read: `verify` does that. */
export async function finishedTitle(outDir: string, title?: Title): Promise<Report | null> {
  try {
    const report = parseReport(await readFile(join(outDir, 'report.json'), 'utf8'));
    if (title && (report.title !== title.id || report.revision !== title.revision)) return null;
    for (const file of report.files) {
      if ((await stat(join(outDir, file.file))).size !== file.sizeBytes) return null;
    }
    return report;
  } catch {
    return null;
  }
}
