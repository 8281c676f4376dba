import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { ScenelineError } from '../../../model/errors.ts';
import { type DoctorReport, doctor, doctorText, NOT_READY_STATUS, reportOf } from '../../doctor/doctor.ts';
import { isFfmpegPoor } from '../../doctor/examine.ts';
import { FFMPEG_PIN, getFfmpeg } from '../../doctor/get-ffmpeg.ts';
import { withOwnFfmpeg } from '../../doctor/own-ffmpeg.ts';
import type { Invocation } from '../invocation.ts';
import { type CommonOptions, stateFolder } from '../options.ts';
import { printableJson, say } from '../terminal.ts';
import { clusterConfig } from './cluster.ts';

type DoctorOptions = CommonOptions & { readonly cluster?: boolean; readonly getFfmpeg?: boolean; readonly yes?: boolean };

export function doctorCommand(command: Command, invocation: Invocation): void {
  command
    .option('--cluster', 'examine the servers that the configuration names, instead of this machine')
    .option('--get-ffmpeg', 'bring an ffmpeg with VMAF, x265 and SVT-AV1 into the state folder, by pip; asks first')
    .option('--yes', 'with --get-ffmpeg: do not ask')
    .action(async (options: DoctorOptions) => {
      if (options.cluster && options.getFfmpeg) throw new ScenelineError('SL-101', '--get-ffmpeg is for this machine: leave --cluster out.');
      if (options.getFfmpeg) await bringFfmpeg(options, invocation);
      const report = options.cluster ? await clusterReport(options, invocation) : await localReport(options, invocation);
      process.stdout.write(options.json ? `${printableJson(report)}\n` : `${doctorText(report)}\n`);
      if (!report.ready) invocation.setStatus(NOT_READY_STATUS);
    });
}

function localReport(options: DoctorOptions, { env }: Invocation): Promise<DoctorReport> {
  const stateDir = stateFolder(options, env);
  return doctor(withOwnFfmpeg(env, stateDir), stateDir);
}

async function bringFfmpeg(options: DoctorOptions, invocation: Invocation): Promise<void> {
  const { env, signal } = invocation;
  const { checks } = await localReport(options, invocation);
  if (!isFfmpegPoor(checks)) {
    say('The ffmpeg that is found has everything; nothing was downloaded.');
    return;
  }
  const confirm = async (question: string) => {
    const isWanted = options.yes === true || (await ask(question, signal));
    if (isWanted) say('Downloading.');
    return isWanted;
  };
  const path = await getFfmpeg({ env, stateDir: stateFolder(options, env), pin: FFMPEG_PIN, confirm, signal });
  say(path === null ? 'Nothing was downloaded.' : `Brought ${path}.`);
  if (path !== null && env.SCENELINE_FFMPEG) say('SCENELINE_FFMPEG names another one, which goes before it.');
}

/** A yes or no from the person at the terminal. Throws SL-101 when nobody is there. */
async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) throw new ScenelineError('SL-101', 'Nobody is at the terminal to be asked: give --yes.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim());
  } finally {
    terminal.close();
  }
}

async function clusterReport(options: CommonOptions, invocation: Invocation): Promise<DoctorReport> {
  const config = await clusterConfig(options, invocation);
  const { examineCluster } = await import('../../cluster/doctor/examine-cluster.ts');
  return reportOf(await examineCluster(config));
}
