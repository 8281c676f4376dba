import { access, constants, rm, statfs, writeFile } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { makeFolders } from '../../adapters/embedded/make-folders.ts';
import { probeAbilities, requireUsable } from '../../adapters/ffmpeg/abilities.ts';
import { type Environment, findProgram, findTool, TOOL_VARIABLES, type ToolName } from '../../adapters/ffmpeg/find-tools.ts';
import { toolEnvironment } from '../../adapters/ffmpeg/media-tools.ts';
import { probeGuard } from '../../adapters/ffmpeg/process-guard.ts';
import { missingLimits } from '../../adapters/ffmpeg/process-limits.ts';
import type { MediaAbilities } from '../../ports/media-tools.ts';
import { defaultWorkers } from '../all-in-one.ts';
import { type Host, installLine } from './host.ts';
import { ownFfmpegPath } from './own-ffmpeg.ts';

/** `needed` things stop Sceneline when they are missing; the others only take an ability away. */
export type Check = {
  readonly name: string;
  readonly isThere: boolean;
  readonly isNeeded: boolean;
  /** What was found, or what its absence means. */
  readonly finding: string;
  /** The command that mends it; null when nothing needs mending. */
  readonly remedy: string | null;
};

export type Surroundings = { readonly env: Environment; readonly host: Host; readonly stateDir: string };

const NEEDED_NODE_MAJOR = 24;
const NEEDED_ROOM_BYTES = 1e9;
/** Workers are counted for pictures of this size. */
const EXAMPLE_PIXELS = 1920 * 1080;
const REPOSITORY = resolve(import.meta.dirname, '../../..');
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];

/** What an ffmpeg build may lack, and what is lost with it. */
const OPTIONAL_ABILITIES = [
  { kind: 'encoders', names: ['libx265'], purpose: 'H.265 rungs' },
  { kind: 'encoders', names: ['libsvtav1'], purpose: 'AV1 rungs' },
  { kind: 'filters', names: ['zscale'], purpose: 'HDR sources in SDR ladders' },
  { kind: 'filters', names: ['bwdif'], purpose: 'interlaced sources' },
  { kind: 'filters', names: ['ssim'], purpose: 'quality scores' },
  { kind: 'filters', names: ['libvmaf'], purpose: 'VMAF scores' },
] as const;

/** Everything Sceneline depends on, in the order a person would mend it. */
export async function examine(around: Surroundings): Promise<readonly Check[]> {
  return [
    checkRuntime(process.versions.node),
    ...(await checkMediaTools(around)),
    await checkPackager(around.env),
    checkGuard(around),
    ...checkConfinement(around),
    ...(await checkFolder({ folder: around.stateDir, name: 'state folder', elsewhere: 'give another folder with --state or SCENELINE_STATE' })),
    checkMachine(),
    checkBrowser(around),
  ];
}

export function checkRuntime(version: string): Check {
  const isThere = Number(version.split('.')[0]) >= NEEDED_NODE_MAJOR;
  const remedy = isThere ? null : 'start Sceneline by ./sceneline, which brings its own runtime';
  return { name: 'runtime', isThere, isNeeded: true, finding: `Node ${version} (${process.execPath})`, remedy };
}

async function checkMediaTools({ env, host, stateDir }: Surroundings): Promise<Check[]> {
  const line = installLine(['ffmpeg'], host);
  const paths: { ffmpeg?: string; ffprobe?: string } = {};
  const missing: Check[] = [];
  for (const name of ['ffmpeg', 'ffprobe'] as const) {
    const found = lookFor(name, env);
    if (found.path) paths[name] = found.path;
    else
      missing.push({
        name,
        isThere: false,
        isNeeded: true,
        finding: found.reason,
        remedy: found.isMisnamed ? `correct or unset ${TOOL_VARIABLES[name]}` : line,
      });
  }
  if (!paths.ffmpeg || !paths.ffprobe) return missing;
  try {
    const abilities = await probeAbilities({ ffmpegPath: paths.ffmpeg, ffprobePath: paths.ffprobe }, probeGuard(env), toolEnvironment(env));
    const checks = checkAbilities(abilities, line);
    if (paths.ffmpeg === ownFfmpegPath(stateDir)) checks[0] = { ...checks[0], finding: `${checks[0].finding}, brought by doctor --get-ffmpeg` };
    return checks;
  } catch (error) {
    return [{ name: 'ffmpeg', isThere: false, isNeeded: true, finding: (error as Error).message, remedy: line }];
  }
}

/** Judges a probed build. */
export function checkAbilities(abilities: MediaAbilities, remedyLine: string): Check[] {
  const ffmpeg: Check = {
    name: 'ffmpeg',
    isThere: true,
    isNeeded: true,
    finding: `${abilities.version.split(' Copyright')[0]} (${abilities.ffmpegPath})`,
    remedy: null,
  };
  const checks: Check[] = [ffmpeg, { ...ffmpeg, name: 'ffprobe', finding: abilities.ffprobePath }];
  checks.push({ ...ffmpeg, name: 'build', finding: abilities.buildId.slice(0, 16) });
  try {
    requireUsable(abilities);
  } catch (error) {
    checks[0] = { ...ffmpeg, isThere: false, finding: (error as Error).message, remedy: remedyLine };
  }
  for (const { kind, names, purpose } of OPTIONAL_ABILITIES) {
    const found = names.filter((name) => abilities[kind].has(name));
    const isThere = found.length > 0;
    const remedy = isThere ? null : `sceneline doctor --get-ffmpeg, or name an ffmpeg that has ${names.join(' or ')} in SCENELINE_FFMPEG`;
    checks.push({ name: purpose, isThere, isNeeded: false, finding: isThere ? found.join(', ') : 'not in this ffmpeg', remedy });
  }
  return checks;
}

/** Whether another ffmpeg would add something. */
export function isFfmpegPoor(checks: readonly Check[]): boolean {
  const names: readonly string[] = ['ffmpeg', ...OPTIONAL_ABILITIES.map(({ purpose }) => purpose)];
  return checks.some((check) => !check.isThere && names.includes(check.name));
}

function lookFor(name: ToolName, env: Environment): { path: string | null; reason: string; isMisnamed: boolean } {
  try {
    return { path: findTool(name, env), reason: 'not found in PATH', isMisnamed: false };
  } catch (error) {
    return { path: null, reason: (error as Error).message, isMisnamed: true };
  }
}

async function checkPackager(env: Environment): Promise<Check> {
  const system = process.platform === 'darwin' ? 'osx' : process.platform;
  const bundled = join(REPOSITORY, 'node_modules/shaka-packager/bin', `packager-${system}-${process.arch}`);
  const path = env.SCENELINE_PACKAGER ? findProgram(env.SCENELINE_PACKAGER, env) : await readable(bundled);
  const remedy = env.SCENELINE_PACKAGER ? 'correct or unset SCENELINE_PACKAGER' : 'name a shaka-packager in SCENELINE_PACKAGER';
  const found = { name: 'packager', isThere: path !== null, isNeeded: false };
  return path ? { ...found, finding: path, remedy: null } : { ...found, finding: 'not found; clear packages do not need it', remedy };
}

async function readable(path: string): Promise<string | null> {
  return access(path, constants.R_OK).then(
    () => path,
    () => null,
  );
}

function checkGuard({ env, host }: Surroundings): Check {
  const guard = probeGuard(env);
  const isThere = guard.kind === 'setpriv';
  const finding = isThere ? guard.setprivPath : 'not found; a watcher process per media process does its work';
  return { name: 'setpriv', isThere, isNeeded: false, finding, remedy: isThere || host.family === 'macos' ? null : installLine(['util-linux'], host) };
}

/** What keeps a media process from doing more than it should, should a film take it over. */
function checkConfinement({ env, host }: Surroundings): Check[] {
  const { withoutNetwork } = probeGuard(env);
  const hasNone = withoutNetwork !== null;
  const allow = host.isRoot
    ? 'allow network namespaces (in a container: CAP_SYS_ADMIN or user namespaces)'
    : 'allow user namespaces: sysctl user.max_user_namespaces';
  const missing = missingLimits();
  return [
    {
      name: 'no network',
      isThere: hasNone,
      isNeeded: false,
      finding: hasNone ? withoutNetwork.join(' ') : 'not possible here; only lists of protocols keep media processes from the network',
      remedy: hasNone || host.family === 'macos' ? null : allow,
    },
    {
      name: 'limits',
      isThere: missing.length === 0,
      isNeeded: false,
      finding: missing.length === 0 ? 'memory, CPU time, output and open files of media processes are bounded' : `not bounded here: ${missing.join(', ')}`,
      remedy: missing.length === 0 || host.family === 'macos' ? null : 'use a /bin/sh whose ulimit knows -d, -t, -f and -n, such as dash',
    },
  ];
}

/** Whether a folder can be written and has room; makes it where it is missing. @param elsewhere how to name another one */
export async function checkFolder({ folder, name, elsewhere }: { folder: string; name: string; elsewhere: string }): Promise<Check[]> {
  try {
    await makeFolders(folder);
    const trial = join(folder, `.doctor-${process.pid}`);
    await writeFile(trial, 'x');
    await rm(trial);
  } catch (error) {
    const finding = `${folder} cannot be written: ${(error as Error).message}`;
    return [{ name, isThere: false, isNeeded: true, finding, remedy: elsewhere }];
  }
  const room = await statfs(folder);
  const freeBytes = room.bavail * room.bsize;
  const hasRoom = freeBytes >= NEEDED_ROOM_BYTES;
  const disk: Check = {
    name: 'disk room',
    isThere: hasRoom,
    isNeeded: true,
    finding: `${gigabytes(freeBytes)} free in ${folder}`,
    remedy: hasRoom ? null : `make room there (sceneline gc deletes what nothing refers to), or ${elsewhere}`,
  };
  return [{ name, isThere: true, isNeeded: true, finding: `${folder} is writable`, remedy: null }, disk];
}

function checkMachine(): Check {
  const memory = `${gigabytes(freemem())} of ${gigabytes(totalmem())} memory free`;
  const finding = `${availableParallelism()} cores, ${memory}: ${defaultWorkers(EXAMPLE_PIXELS)} workers at 1080p`;
  return { name: 'machine', isThere: true, isNeeded: true, finding, remedy: null };
}

function checkBrowser({ env, host }: Surroundings): Check {
  const path = BROWSERS.map((name) => findProgram(name, env)).find((found) => found !== null);
  const finding = path ?? 'not found; only the tests need it';
  return { name: 'chromium', isThere: path !== undefined, isNeeded: false, finding, remedy: path ? null : installLine(['chromium'], host) };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
