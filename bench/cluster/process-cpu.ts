import { readFileSync } from 'node:fs';

/** CPU seconds of a process itself, and of all children of it that ended, with everything those waited for. */
export type ProcessCpu = { readonly own: number; readonly children: number };

const TICKS_PER_SECOND = 100;

/** Of a live process (proc(5), fields 14 to 17 of stat). */
export function processCpu(pid: number): ProcessCpu {
  return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** A program's name may hold blanks and parentheses: the numbers follow the last one. */
export function parseStat(stat: string): ProcessCpu {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, childUser, childSystem] = fields.slice(11, 15).map((ticks) => Number(ticks) / TICKS_PER_SECOND);
  return { own: user + system, children: childUser + childSystem };
}

export function cpuBetween(before: ProcessCpu, after: ProcessCpu): ProcessCpu {
  return { own: after.own - before.own, children: after.children - before.children };
}
