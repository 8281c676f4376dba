import { spawnSync } from 'node:child_process';
import { type Environment, findProgram } from './find-tools.ts';

/**
 * How a child is made to die with us, even when we are killed with SIGKILL.
 *
 * `setpriv`: Linux's parent death signal (prctl(2), PR_SET_PDEATHSIG). A parent that died before the signal was set
 * would go unnoticed, so a shell then compares its parent's id before it becomes the tool.
 *
 * `lifeline`: everywhere else. A watcher beside the tool reads a pipe that only we hold open; when it ends without
 * the word that all is well, the watcher kills the tool.
 *
 * Either way the started process becomes the tool itself (same process id).
 */
export type ProcessGuard = { readonly kind: 'setpriv'; readonly setprivPath: string } | { readonly kind: 'lifeline' };

export type GuardedCommand = {
  readonly program: string;
  readonly args: readonly string[];
  /** Standard input must be a pipe that we hold open until the tool ended, then write a line to. */
  readonly needsLifeline: boolean;
};

const SHELL = '/bin/sh';
const CHECK_PARENT = '[ "$PPID" = "$1" ] || exit 137; shift; exec "$@"';

/** The best guard this machine has. Starts one short process. */
export function probeGuard(env: Environment): ProcessGuard {
  const setprivPath = findProgram('setpriv', env);
  if (!setprivPath) return { kind: 'lifeline' };
  const trial = spawnSync(setprivPath, ['--pdeathsig', 'KILL', SHELL, '-c', 'exit 7'], { stdio: 'ignore', timeout: 10_000 });
  return trial.status === 7 ? { kind: 'setpriv', setprivPath } : { kind: 'lifeline' };
}

/**
 * Wraps a command so that it cannot outlive the process `parentPid` that starts it.
 * @param usedFds descriptors of the tool that the wrapper must leave alone.
 */
export function guardCommand(guard: ProcessGuard, parentPid: number, usedFds: readonly number[], command: readonly string[]): GuardedCommand {
  if (guard.kind === 'setpriv') {
    const args = ['--pdeathsig', 'KILL', SHELL, '-c', CHECK_PARENT, 'sh', String(parentPid), ...command];
    return { program: guard.setprivPath, args, needsLifeline: false };
  }
  // POSIX shells redirect one-digit descriptors only (POSIX.1-2017, Shell 2.7).
  const lineFd = [9, 8, 7, 6, 5, 4, 3].find((fd) => !usedFds.includes(fd));
  if (lineFd === undefined) throw new RangeError('no descriptor left for the lifeline');
  const script = `exec ${lineFd}<&0 </dev/null; (read -r _ <&${lineFd} || kill -KILL $$) & exec "$@" ${lineFd}<&-`;
  return { program: SHELL, args: ['-c', script, 'sh', ...command], needsLifeline: true };
}
