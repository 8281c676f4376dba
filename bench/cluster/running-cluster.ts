import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from '../../src/model/report.ts';
import type { ClusterPlace } from '../../test/cluster/cluster-place.ts';
import type { CliRun } from '../../test/support/cli.ts';

export type ListedAttempt = {
  readonly kind: string;
  readonly outcome: string;
  readonly jobId: string;
  readonly frames: number;
  readonly part: { readonly index: number };
};

/** Resolves when a process of ours has said that it is at work; throws when it ends before. */
export async function untilThere(run: CliRun, role: 'control' | 'worker'): Promise<void> {
  const there = new Promise<void>((done) => {
    let said = '';
    run.child.stderr?.on('data', (text: string) => {
      said += text;
      if (said.includes(`${role} is there`)) done();
    });
  });
  const ended = run.end.then((end) => {
    throw new Error(`${role} ended with ${end.code ?? end.signal}: ${end.stderr.slice(-2000)}`);
  });
  await Promise.race([there, ended]);
  // Its later end is no news to anybody.
  ended.catch(() => {});
}

/** Runs a command of ours to its end, and gives what it printed. Throws when it fails. */
export async function succeed(place: ClusterPlace, args: readonly string[]): Promise<string> {
  const end = await place.run(args);
  if (end.code !== 0) throw new Error(`${args.join(' ')} ended with ${end.code ?? end.signal}: ${end.stderr.slice(-2000)}`);
  return end.stdout;
}

/** Report of a published title. */
export async function reportOf(place: ClusterPlace, titleId: string): Promise<Report> {
  const out = join(place.root, `fetched-${titleId}`);
  await succeed(place, ['fetch', titleId, '--out', out]);
  return JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as Report;
}

export async function attemptsOf(place: ClusterPlace, titleId: string): Promise<readonly ListedAttempt[]> {
  return (JSON.parse(await succeed(place, ['jobs', titleId, '--json'])) as { attempts: ListedAttempt[] }).attempts;
}
