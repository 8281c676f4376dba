import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { NodeFiles } from '../../adapters/embedded/node-files.ts';
import { makeStateFolder } from '../../adapters/embedded/state-folder.ts';
import { probeAbilities, requireUsable } from '../../adapters/ffmpeg/abilities.ts';
import { type Environment, findProgram, findTool } from '../../adapters/ffmpeg/find-tools.ts';
import { toolEnvironment } from '../../adapters/ffmpeg/media-tools.ts';
import { probeGuard } from '../../adapters/ffmpeg/process-guard.ts';
import { ScenelineError } from '../../model/errors.ts';
import { type Host, installLine, thisHost } from './host.ts';
import { ownFfmpegPath, TOOLS_FOLDER } from './own-ffmpeg.ts';
import { runQuietly } from './run-quietly.ts';

/** A Python package that carries an ffmpeg, and the SHA-256 of its wheel for each system. */
export type FfmpegPin = {
  readonly packageName: string;
  readonly version: string;
  readonly ffmpegVersion: string;
  readonly sha256: { readonly [system: string]: string };
};

export const FFMPEG_PIN: FfmpegPin = {
  packageName: 'imageio-ffmpeg',
  version: '0.8.1',
  ffmpegVersion: '9.0.2',
  sha256: {
    'linux-x64': '050d6850601c3b3890bd2b28306f3b842b3daea390a561101174375a1c460bda',
    'linux-arm64': 'fad3176f859b25869e60a8ed79957d4e3ed74a97a95e5f0cdcb91455f6c6d00e',
  },
};

const BINARY = /^ffmpeg-[\w.-]+$/;

export type GetFfmpegOrder = {
  readonly env: Environment;
  readonly stateDir: string;
  readonly pin: FfmpegPin;
  /** Asked once, before anything is downloaded or written. */
  readonly confirm: (question: string) => Promise<boolean>;
  readonly signal: AbortSignal;
  readonly system?: string;
  readonly host?: Host;
};

/**
 * Brings the pinned ffmpeg into the state folder: downloaded by pip from whatever index that is set up for, held to its hash before it is unpacked, tried, and put in its place in one step.
 * Returns its path, or null after a no. Throws SL-102 when there is no pin for this system, no pip, or the download fails or is not what was pinned, SL-106
 * when the state folder cannot be made.
 */
export async function getFfmpeg(order: GetFfmpegOrder): Promise<string | null> {
  const { env, stateDir, pin, confirm } = order;
  const sha256 = pin.sha256[order.system ?? `${process.platform}-${process.arch}`];
  if (sha256 === undefined) throw new ScenelineError('SL-102', 'There is no pinned ffmpeg for this system. Name one of your own in SCENELINE_FFMPEG.');
  const python = findProgram('python3', env);
  if (python === null)
    throw new ScenelineError('SL-102', `This needs Python with pip. To install it: ${installLine(['python3-pip'], order.host ?? thisHost())}`);
  const folder = join(stateDir, TOOLS_FOLDER);
  const what = `ffmpeg ${pin.ffmpegVersion} with VMAF, x265 and SVT-AV1 (about 70 MB, package ${pin.packageName} ${pin.version})`;
  if (
    !(await confirm(
      `Download ${what} by pip and use it for what runs on ${stateDir}?\nTitles that were begun with another ffmpeg are encoded anew when they go on.`,
    ))
  )
    return null;
  await makeStateFolder(new NodeFiles(), folder);
  const scratch = await mkdtemp(join(folder, '.new-'));
  try {
    const binary = await download({ ...order, python, sha256, scratch });
    const target = ownFfmpegPath(stateDir);
    await rename(binary, target);
    return target;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function download(order: GetFfmpegOrder & { readonly python: string; readonly sha256: string; readonly scratch: string }): Promise<string> {
  const { env, pin, python, sha256, scratch, signal } = order;
  const pip = [python, '-m', 'pip', '--disable-pip-version-check', '--no-input', 'download', '--no-deps', '--only-binary', ':all:', '--dest', scratch];
  await runQuietly([...pip, `${pin.packageName}==${pin.version}`], env, signal);
  const wheels = (await readdir(scratch)).filter((name) => name.endsWith('.whl'));
  const wheel = join(scratch, wheels[0] ?? 'no wheel');
  const found = wheels.length === 1 ? await sha256Of(wheel) : `${wheels.length} files`;
  if (found !== sha256)
    throw new ScenelineError('SL-102', `What was downloaded is not the pinned ffmpeg (SHA-256 ${found} instead of ${sha256}). Nothing of it was kept.`);
  const unpacked = join(scratch, 'unpacked');
  await runQuietly([python, '-m', 'zipfile', '-e', wheel, unpacked], env, signal);
  const folder = join(unpacked, pin.packageName.replaceAll('-', '_'), 'binaries');
  const name = (await readdir(folder)).find((entry) => BINARY.test(entry));
  if (name === undefined) throw new ScenelineError('SL-102', `There is no ffmpeg in ${pin.packageName} ${pin.version}.`);
  const binary = join(folder, name);
  await chmod(binary, 0o755);
  // It brings no ffprobe; where there is none, it is only seen to start.
  const ffprobePath = findTool('ffprobe', env) ?? binary;
  requireUsable(await probeAbilities({ ffmpegPath: binary, ffprobePath }, probeGuard(env), toolEnvironment(env)));
  return binary;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
