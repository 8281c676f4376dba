import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ScenelineError } from '../../../model/errors.ts';
import { sightSource } from '../../../stages/ingest/seal.ts';
import { ensureMediaTools } from '../../doctor/ensure-media-tools.ts';
import { finishedTitle } from '../../finished-title.ts';
import { makePage } from '../../report/make-page.ts';
import type { Invocation } from '../invocation.ts';
import type { CommonOptions } from '../options.ts';
import { summary } from '../summary.ts';
import { printableJson, say } from '../terminal.ts';

type ReportOptions = CommonOptions & { readonly html?: string; readonly against?: string };

export function reportCommand(command: Command, invocation: Invocation): void {
  command
    .argument('<DIR>', 'folder of a finished title')
    .option('--html <FILE>', 'write a page with plots and the worst frames; all of it is in that one file')
    .option('--against <SOURCE>', "show the master's frames beside the worst ones on the page")
    .action(async (dir: string, { html, against, json }: ReportOptions) => {
      if (against !== undefined && html === undefined) throw new ScenelineError('SL-101', '--against is for the page: give --html FILE as well.');
      const folder = resolve(dir);
      const report = await finishedTitle(folder);
      if (report === null) throw new ScenelineError('SL-101', `${folder} is not a finished title.`);
      if (html !== undefined) {
        const masterPath = against === undefined ? null : (await sightSource(against)).path;
        const openTools = () => ensureMediaTools(invocation.env, say);
        await makePage({ dir: folder, report, htmlPath: resolve(html), masterPath, signal: invocation.signal, openTools, say });
      }
      process.stdout.write(json ? `${printableJson(report)}\n` : `${summary(report, folder, true)}\n`);
      if (html !== undefined) say(`Page: ${resolve(html)}`);
    });
}
