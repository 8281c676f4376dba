import { type Environment, findProgram, findTool, TOOL_VARIABLES } from '../../adapters/ffmpeg/find-tools.ts';
import { FfmpegMediaTools } from '../../adapters/ffmpeg/media-tools.ts';
import { ScenelineError } from '../../model/errors.ts';
import { type Host, installLine, thisHost } from './host.ts';
import { runQuietly } from './run-quietly.ts';

const PACKAGE = 'ffmpeg';
/** Another installation may hold the lock: wait for it rather than fail. */
const APT_OPTIONS = ['-o', 'DPkg::Lock::Timeout=300'];

/**
 * The media tools of this machine, ready for use. Where they are missing and installing them needs no question
 * (root on Debian and its relatives), installs them and says so.
 * Throws SL-102 with the line to type where they are missing, SL-103 where they are too old.
 */
export async function ensureMediaTools(env: Environment, say: (sentence: string) => void, host: Host = thisHost()): Promise<FfmpegMediaTools> {
  if (!areToolsThere(env)) await installTools(env, say, host);
  return FfmpegMediaTools.open(env);
}

/** Throws SL-102 when a variable names a tool that is not there: installing another one would not be what was asked for. */
function areToolsThere(env: Environment): boolean {
  return findTool('ffmpeg', env) !== null && findTool('ffprobe', env) !== null;
}

async function installTools(env: Environment, say: (sentence: string) => void, host: Host): Promise<void> {
  const line = installLine([PACKAGE], host);
  const aptGet = host.family === 'debian' && host.isRoot ? findProgram('apt-get', env) : null;
  if (!aptGet) {
    const variables = Object.values(TOOL_VARIABLES).join(' and ');
    throw new ScenelineError('SL-102', `ffmpeg or ffprobe is not installed. To install both: ${line}`, { details: [`Or name them in ${variables}.`] });
  }
  say(`ffmpeg is not installed. Installing it, which takes about a minute: ${line}`);
  const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
  await runQuietly([aptGet, ...APT_OPTIONS, 'update'], quiet);
  await runQuietly([aptGet, ...APT_OPTIONS, 'install', '-y', '--no-install-recommends', PACKAGE], quiet);
}
