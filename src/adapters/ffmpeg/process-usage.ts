import { readFileSync } from 'node:fs';

export type ProcessUsage = { readonly cpuSeconds: number; readonly peakMemoryBytes: number };

/** The kernel's USER_HZ, which is 100 in every Linux user interface (proc(5), times(2)). */
const TICKS_PER_SECOND = 100;

/** CPU seconds of /proc/PID/stat: fields 14 and 15; the name in field 2 may itself contain spaces and brackets (proc(5)). */
export function parseCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks / TICKS_PER_SECOND : 0;
}

/** Peak resident size of /proc/PID/status; 0 when it is not there (a process that has ended). */
export function parsePeakMemoryBytes(status: string): number {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(status);
  return match ? Number(match[1]) * 1024 : 0;
}

/** What a process used so far, or null where /proc does not tell. */
export function readProcessUsage(pid: number): ProcessUsage | null {
  try {
    const cpuSeconds = parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return { cpuSeconds, peakMemoryBytes: parsePeakMemoryBytes(readFileSync(`/proc/${pid}/status`, 'utf8')) };
  } catch {
    return null;
  }
}
