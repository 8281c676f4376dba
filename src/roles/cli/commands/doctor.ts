import type { Command } from 'commander';
import { type DoctorReport, doctor, doctorText, NOT_READY_STATUS, reportOf } from '../../doctor/doctor.ts';
import type { Invocation } from '../invocation.ts';
import { type CommonOptions, stateFolder } from '../options.ts';
import { clusterConfig } from './cluster.ts';

export function doctorCommand(command: Command, invocation: Invocation): void {
  command
    .option('--cluster', 'examine the servers that the configuration names, instead of this machine')
    .action(async (options: CommonOptions & { cluster?: boolean }) => {
      const report = options.cluster ? await clusterReport(options, invocation) : await doctor(invocation.env, stateFolder(options, invocation.env));
      process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `${doctorText(report)}\n`);
      if (!report.ready) invocation.setStatus(NOT_READY_STATUS);
    });
}

async function clusterReport(options: CommonOptions, invocation: Invocation): Promise<DoctorReport> {
  const config = await clusterConfig(options, invocation);
  const { examineCluster } = await import('../../cluster/doctor/examine-cluster.ts');
  return reportOf(await examineCluster(config));
}
