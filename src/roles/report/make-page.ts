import type { Report } from '../../model/report.ts';
import type { MediaTools } from '../../ports/media-tools.ts';
import { withScratch } from '../scratch.ts';
import { rungViews, worstFrames } from './film.ts';
import { reportPage } from './page.ts';
import { cutPictures } from './pictures.ts';
import { checkPagePlace, writePage } from './write-page.ts';

export type PageOrder = {
  /** Folder of the finished title. */
  readonly dir: string;
  readonly report: Report;
  readonly htmlPath: string;
  readonly masterPath: string | null;
  readonly signal: AbortSignal;
  /** Asked for only when there are pictures to cut out. */
  readonly openTools: () => Promise<MediaTools>;
  /** One sentence for the operator. */
  readonly say: (sentence: string) => void;
};

/** Makes the page of a finished title with its worst scored frames and writes it. Throws SL-101 when it may not stand there or the master is another one, SL-301 when the tool fails. */
export async function makePage({ dir, report, htmlPath, masterPath, signal, openTools, say }: PageOrder): Promise<void> {
  await checkPagePlace(htmlPath, dir);
  const frames = worstFrames(report, rungViews(report));
  const pictures = await withScratch(async ({ scratchDir }) => {
    if (frames.length === 0) return [];
    say(`Cutting the ${frames.length} worst scored frames out of the renditions${masterPath === null ? '' : ' and the master'}.`);
    return cutPictures({ dir, report, frames, masterPath }, { tools: await openTools(), scratchDir, signal });
  });
  await writePage(htmlPath, reportPage(report, pictures));
}
