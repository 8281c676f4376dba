import { readFileSync, readlinkSync } from 'node:fs';
import { errorCode } from './file-errors.ts';

type ProcessFacts = { readonly state: string; readonly startTicks: string };

/**
 * The name of this process's worker `n`: `<boot>:<pid>:<processStartTicks>:<n>`, where boot is the machine's boot id and the number of the
 * process namespace. A process id alone is used again after a while; with the start time it never is.
 */
export function localWorkerName(n: number): string {
  const facts = readProcess(process.pid);
  return `${boot() ?? 'unknown'}:${process.pid}:${typeof facts === 'object' ? facts.startTicks : '0'}:${n}`;
}

/**
 * True when the worker's process is certainly gone: the machine was started anew since, or no living process has its id and start time.
 * Names of another form and processes of another namespace (a container) are not known to be dead.
 */
export function isLocalWorkerDead(worker: string): boolean {
  const name = /^([0-9a-f-]{36})\.(\d+):(\d+):(\d+):\d+$/.exec(worker);
  const here = boot();
  if (!name || here === null) return false;
  const [, bootId, namespace, pid, startTicks] = name;
  const [hereBootId, hereNamespace] = here.split('.');
  if (bootId !== hereBootId) return true;
  if (namespace !== hereNamespace) return false;
  const facts = readProcess(Number(pid));
  if (facts === 'unknown') return false;
  return facts === 'gone' || facts.startTicks !== startTicks || 'ZX'.includes(facts.state);
}

/** `<boot id>.<process namespace>`, or null where the system does not tell. */
function boot(): string | null {
  try {
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'));
    return namespace ? `${bootId}.${namespace[0]}` : null;
  } catch {
    return null;
  }
}

/** State and start time of a process, proc(5) fields 3 and 22. The name in field 2 may hold spaces and brackets. */
function readProcess(pid: number): ProcessFacts | 'gone' | 'unknown' {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], startTicks: fields[19] };
  } catch {
    return isGone(pid) ? 'gone' : 'unknown';
  }
}

/** A process hidden from us (`hidepid`) has no readable folder but still takes signals. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
}
