import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkReport, parseReportJson, type Report } from '../model/report.ts';
import type { Title } from '../model/title.ts';

/**
 * The report of a title folder whose files are all there with their recorded sizes, or null. Contents are not read: `verify` does that.
 * @param afterReading called when the text of the report is no longer needed, before it is checked
 */
export async function finishedTitle(outDir: string, title?: Title, afterReading: () => void = () => {}): Promise<Report | null> {
  try {
    const document = await readDocument(outDir);
    afterReading();
    const report = checkReport(document);
    if (title && (report.title !== title.id || report.revision !== title.revision)) return null;
    for (const file of report.files) {
      if ((await stat(join(outDir, file.file))).size !== file.sizeBytes) return null;
    }
    return report;
  } catch {
    return null;
  }
}

async function readDocument(outDir: string): Promise<unknown> {
  return parseReportJson(await readFile(join(outDir, 'report.json'), 'utf8'));
}
