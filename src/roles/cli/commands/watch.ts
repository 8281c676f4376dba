import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ScenelineError } from '../../../model/errors.ts';
import { finishedTitle } from '../../finished-title.ts';
import { serveTitle } from '../../watch/serve-title.ts';
import type { Invocation } from '../invocation.ts';
import type { CommonOptions } from '../options.ts';
import { printableJson } from '../terminal.ts';

export function watchCommand(command: Command, invocation: Invocation): void {
  command
    .argument('<DIR>', 'folder of a finished title')
    .option('--port <N>', 'port on this machine (default: any free one)')
    .action(async (dir: string, options: CommonOptions & { port?: string }) => {
      const folder = resolve(dir);
      if ((await finishedTitle(folder)) === null) throw new ScenelineError('SL-101', `${folder} is not a finished title.`);
      const port = options.port === undefined ? 0 : Number(options.port);
      if (!Number.isInteger(port) || port < 0 || port > 65_535)
        throw new ScenelineError('SL-101', `--port takes a number from 0 to 65535, not "${options.port}".`);
      const server = await serveTitle({ dir: folder, port });
      process.stdout.write(options.json ? `${printableJson({ url: server.url })}\n` : `Watch it at ${server.url} (Ctrl-C ends)\n`);
      await new Promise<void>((done) => {
        if (invocation.signal.aborted) done();
        else invocation.signal.addEventListener('abort', () => done(), { once: true });
      });
      await server.close();
    });
}
