import type { Environment } from '../../adapters/ffmpeg/find-tools.ts';
import { printableLines } from '../cli/terminal.ts';
import { type Check, examine } from './examine.ts';
import { type Host, thisHost } from './host.ts';

export type DoctorReport = { readonly ready: boolean; readonly checks: readonly Check[] };

/** Exit status of `doctor` when something needed is missing. */
export const NOT_READY_STATUS = 2;

/** Examines everything Sceneline depends on. Changes nothing but makes the state folder. */
export async function doctor(env: Environment, stateDir: string, host: Host = thisHost()): Promise<DoctorReport> {
  return reportOf(await examine({ env, host, stateDir }));
}

export function reportOf(checks: readonly Check[]): DoctorReport {
  return { ready: checks.every((check) => check.isThere || !check.isNeeded), checks };
}

/** The report for people: what was found, then what is missing with the command that mends it. */
export function doctorText(report: DoctorReport): string {
  const width = Math.max(...report.checks.map((check) => check.name.length));
  const lines = report.checks.map((check) => `${mark(check)}  ${check.name.padEnd(width)}  ${check.finding}`);
  const faults = report.checks.filter((check) => !check.isThere && check.remedy);
  const needed = faults.filter((check) => check.isNeeded).map(remedyLine);
  const optional = faults.filter((check) => !check.isNeeded).map(remedyLine);
  const verdict = report.ready ? 'Ready.' : 'Not ready. To mend it:';
  return printableLines([...lines, '', verdict, ...needed, ...(optional.length > 0 ? ['', 'Would add more:', ...optional] : [])]);
}

function mark(check: Check): string {
  if (check.isThere) return 'ok     ';
  return check.isNeeded ? 'MISSING' : 'absent ';
}

function remedyLine(check: Check): string {
  return `  ${check.name}: ${check.remedy}`;
}
