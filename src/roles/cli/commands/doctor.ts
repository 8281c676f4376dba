import type { Command } from 'commander';
import { doctor, doctorText, NOT_READY_STATUS } from '../../doctor/doctor.ts';
import type { Invocation } from '../invocation.ts';
import { type CommonOptions, stateFolder } from '../options.ts';

export function doctorCommand(command: Command, invocation: Invocation): void {
  command.action(async (options: CommonOptions) => {
    const report = await doctor(invocation.env, stateFolder(options, invocation.env));
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `${doctorText(report)}\n`);
    if (!report.ready) invocation.setStatus(NOT_READY_STATUS);
  });
}
