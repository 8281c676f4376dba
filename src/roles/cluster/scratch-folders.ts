import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** A name that no other process has, and that says where and what it is: `HOST-ROLE-PID-ID`. */
export function processName(role: string, id: string): string {
  return `${hostname()}-${role}-${process.pid}-${id}`;
}

/**
 * Removes what processes of this machine left in the scratch folder when they were killed: folders with the name of a process that is gone. Those of other
 * machines, which cannot be asked, and whatever has another name stay. A folder that is not there has nothing to remove.
 */
export async function sweepScratch(root: string): Promise<void> {
  const names = await readdir(root).catch(() => []);
  const left = names.filter((name) => {
    const pid = pidOf(name);
    return pid !== null && !isAlive(pid);
  });
  await Promise.all(left.map((name) => rm(join(root, name), { recursive: true, force: true })));
}

/** Null: not the name of a process of this machine. */
function pidOf(name: string): number | null {
  const host = `${hostname()}-`;
  const digits = name.startsWith(host) ? /^[a-z]+-(\d{1,10})-[a-z0-9]+$/.exec(name.slice(host.length))?.[1] : undefined;
  return digits === undefined ? null : Number(digits);
}

/** Asked before we have a folder: our own number in a name is that of an earlier process. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive as well.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
