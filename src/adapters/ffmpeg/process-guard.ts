import { spawnSync } from 'node:child_process';
import { type Environment, findProgram } from './find-tools.ts';
import { limitWords, type ProcessLimits, SET_LIMITS, SET_LIMITS_WORDS } from './process-limits.ts';

/**
 * How a child is made to die with us, even when we are killed with SIGKILL.
 *
 * `setpriv`: Linux's parent death signal (prctl(2), PR_SET_PDEATHSIG). A parent that died before the signal was set
 * would go unnoticed, so a shell then compares its parent's id before it becomes the tool. A confined tool can gain no
 * privileges (PR_SET_NO_NEW_PRIVS), and where we are root it keeps only those to read and write files as root does.
 *
 * `lifeline`: everywhere else. A watcher beside the tool reads a pipe that only we hold open; when it ends without
 * the word that all is well, the watcher kills the tool.
 *
 * Either way the started process becomes the tool itself (same process id), under the limits given.
 */
export type ProcessGuard = ({ readonly kind: 'setpriv'; readonly setprivPath: string; readonly isRoot: boolean } | { readonly kind: 'lifeline' }) & {
  /** Words before a command that give it a network of its own with nothing in it; null where the system does not let us. */
  readonly withoutNetwork: readonly string[] | null;
};

/** What one process may do. */
export type Confinement = {
  readonly limits: ProcessLimits;
  /** False: its network is taken away, where the guard can. */
  readonly hasNetwork: boolean;
};

export type GuardedCommand = {
  readonly program: string;
  readonly args: readonly string[];
  /** Standard input must be a pipe that we hold open until the tool ended, then write a line to. */
  readonly needsLifeline: boolean;
};

const SHELL = '/bin/sh';
const TRIAL = [SHELL, '-c', 'exit 7'] as const;
const TRIAL_MS = 10_000;
const KEPT_BY_ROOT = '-all,+dac_override,+dac_read_search';

/** What needs nothing of the system but a shell. */
export const PLAIN_GUARD: ProcessGuard = { kind: 'lifeline', withoutNetwork: null };

/** The best guard this machine has. Starts a few short processes. */
export function probeGuard(env: Environment): ProcessGuard {
  const withoutNetwork = probeNetwork(env);
  const setprivPath = findProgram('setpriv', env);
  if (!setprivPath) return { ...PLAIN_GUARD, withoutNetwork };
  const guard = { kind: 'setpriv', setprivPath, isRoot: process.getuid?.() === 0, withoutNetwork } as const;
  const works = isTrialPassed([setprivPath, '--pdeathsig', 'KILL', ...dropsOf(guard), ...TRIAL]);
  return works ? guard : { ...PLAIN_GUARD, withoutNetwork };
}

/** A network namespace of its own (unshare(1)): as root at once, else inside a user namespace in which we stay who we are. */
function probeNetwork(env: Environment): readonly string[] | null {
  const unshare = findProgram('unshare', env);
  if (!unshare) return null;
  const ways = [
    [unshare, '--net'],
    [unshare, '--user', '--map-current-user', '--net'],
  ];
  return ways.find((words) => isTrialPassed([...words, ...TRIAL])) ?? null;
}

function isTrialPassed([program, ...args]: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', timeout: TRIAL_MS }).status === 7;
}

/**
 * Wraps a command so that it cannot outlive the process `parentPid` that starts it, and stays within its confinement.
 * @param usedFds descriptors of the tool that the wrapper must leave alone.
 * @param confinement none: a program that we trust.
 */
export function guardCommand(
  guard: ProcessGuard,
  parentPid: number,
  usedFds: readonly number[],
  command: readonly string[],
  confinement?: Confinement,
): GuardedCommand {
  const before = confinement === undefined || confinement.hasNetwork ? [] : (guard.withoutNetwork ?? []);
  const setLimits = confinement ? `${SET_LIMITS}; shift ${SET_LIMITS_WORDS}; ` : '';
  const limits = confinement ? limitWords(confinement.limits) : [];
  if (guard.kind === 'setpriv') {
    const setpriv = [guard.setprivPath, '--pdeathsig', 'KILL', ...(confinement ? dropsOf(guard) : [])];
    const script = `${setLimits}[ "$PPID" = "$1" ] || exit 137; shift; exec "$@"`;
    const [program, ...args] = [...before, ...setpriv, SHELL, '-c', script, 'sh', ...limits, String(parentPid), ...command];
    return { program, args, needsLifeline: false };
  }
  // POSIX shells redirect one-digit descriptors only (POSIX.1-2017, Shell 2.7).
  const lineFd = [9, 8, 7, 6, 5, 4, 3].find((fd) => !usedFds.includes(fd));
  if (lineFd === undefined) throw new RangeError('no descriptor left for the lifeline');
  const watch = `exec ${lineFd}<&0 </dev/null; (read -r _ <&${lineFd} || kill -KILL $$) &`;
  const [program, ...args] = [...before, SHELL, '-c', `${watch} ${setLimits}exec "$@" ${lineFd}<&-`, 'sh', ...limits, ...command];
  return { program, args, needsLifeline: true };
}

function dropsOf(guard: { readonly isRoot: boolean }): readonly string[] {
  return ['--no-new-privs', ...(guard.isRoot ? [`--bounding-set=${KEPT_BY_ROOT}`] : [])];
}
