import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ERROR_CODES } from '../../../model/error-codes.ts';
import { verifyTitle } from '../../../pipeline/verify-title.ts';
import { ensureMediaTools } from '../../doctor/ensure-media-tools.ts';
import { withScratch } from '../../scratch.ts';
import type { Invocation } from '../invocation.ts';
import type { CommonOptions } from '../options.ts';
import { printable, printableJson, say, table } from '../terminal.ts';

export function verifyCommand(command: Command, invocation: Invocation): void {
  command
    .argument('<DIR>', 'folder of a finished title')
    .requiredOption('--against <SOURCE>', 'the master it was made from')
    .action(async (dir: string, options: CommonOptions & { against: string }) => {
      const tools = await ensureMediaTools(invocation.env, say);
      const verdict = await withScratch((scratch) =>
        verifyTitle({ dir: resolve(dir), sourcePath: resolve(options.against), say }, { ...scratch, tools, signal: invocation.signal }),
      );
      if (options.json) process.stdout.write(`${printableJson(verdict)}\n`);
      else {
        const files =
          verdict.files.length === 0
            ? ''
            : `${table([['FILE', 'FRAMES', 'ERROR (median, largest; levels)', 'VERDICT'], ...verdict.files.map((file) => [file.file, String(file.frames), `${file.medianError.toFixed(2)}, ${file.largestError.toFixed(2)}`, file.faults === 0 ? 'proven' : `${file.faults} faults`])])}\n`;
        process.stdout.write(files);
        process.stdout.write(verdict.faults.length === 0 ? 'Proven: every frame, time and sample matches the master.\n' : `${verdict.faults.length} faults:\n`);
        for (const fault of verdict.faults) process.stdout.write(`  ${printable(fault.file)}: ${printable(fault.message)}\n`);
      }
      if (verdict.faults.length > 0) {
        const { exit, title, remedy } = ERROR_CODES['SL-306'];
        say(`SL-306 ${title}. ${remedy}`);
        invocation.setStatus(exit);
      }
    });
}
