import { readdirSync, readFileSync } from 'node:fs';

/** Command lines of the processes, other than this one, that name the path; by process id. Linux only: elsewhere there is no /proc. */
export function processesNaming(path: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (command.includes(path)) found.set(Number(name), command);
    } catch {
      // Gone already.
    }
  }
  return found;
}
