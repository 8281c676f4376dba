import { access, constants, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { makeFolders } from '../../../adapters/embedded/make-folders.ts';
import { onOutFolder } from '../../../stages/publish/out-folder.ts';
import { synthesiseMaster } from '../../demo/synthesise-master.ts';
import { ensureMediaTools } from '../../doctor/ensure-media-tools.ts';
import type { Invocation } from '../invocation.ts';
import type { CommonOptions } from '../options.ts';
import { say } from '../terminal.ts';
import { runEncode } from './encode.ts';

export function demoCommand(command: Command, invocation: Invocation): void {
  command
    .option('--out <DIR>', 'folder to work in', 'sceneline-demo')
    .option('--workers <N>', 'chunks encoded at once (default: what cores and memory allow)')
    .action(async (options: CommonOptions & { out: string; workers?: string }) => {
      const tools = await ensureMediaTools(invocation.env, say);
      const folder = resolve(options.out);
      await onOutFolder(folder, async () => {
        await makeFolders(folder);
        await access(folder, constants.W_OK | constants.X_OK);
      });
      const master = join(folder, 'master.mp4');
      if (await stat(master).catch(() => null)) say(`Using the master of an earlier run: ${master}`);
      else {
        say('Making a master: many scenes, two languages, a subtitle, flashes in step with beeps.');
        await synthesiseMaster(master, tools, { signal: invocation.signal });
      }
      say('Encoding it: cut at its shots, encoded in parallel, every frame proven.');
      await runEncode(master, { ...options, out: join(folder, 'title') }, invocation, process.stdout);
    });
}
