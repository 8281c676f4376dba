import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ladder } from '../../src/model/ladder.ts';
import type { Report } from '../../src/model/report.ts';
import { type CliEnd, type CliRun, startCli } from './cli.ts';

/** Folders and a ladder for one test of the command line. */
export type CliPlace = {
  readonly root: string;
  readonly stateDir: string;
  readonly outDir: string;
  /** `encode` of this source into `outDir`, or what `changes` say. */
  encode(source: string, changes?: { readonly out?: string; readonly ladder?: string; readonly workers?: number; readonly env?: NodeJS.ProcessEnv }): CliRun;
  /** Any other command on the same state. */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CliEnd>;
  remove(): Promise<void>;
};

/** `stateDir`: another folder than one in the place. */
export async function cliPlace(ladder: Ladder, stateDir?: string): Promise<CliPlace> {
  const root = await mkdtemp(join(tmpdir(), 'sceneline-cli-'));
  const state = stateDir ?? join(root, 'state');
  const outDir = join(root, 'title');
  const ladderPath = join(root, 'ladder.json');
  await mkdir(join(root, 'home'));
  await writeFile(ladderPath, JSON.stringify(ladder));
  const common = { HOME: join(root, 'home'), SCENELINE_STATE: state };
  return {
    root,
    stateDir: state,
    outDir,
    encode(source, { out = outDir, ladder: path = ladderPath, workers = 2, env = {} } = {}) {
      return startCli(['encode', source, '--out', out, '--ladder', path, '--workers', String(workers), '--json'], { ...common, ...env });
    },
    run: (args, env = {}) => startCli(args, { ...common, ...env }).end,
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** The one JSON document on standard output. */
export function document<T = Record<string, unknown>>(end: CliEnd): T {
  return JSON.parse(end.stdout) as T;
}

/** The report of an `encode` that finished; throws with what it said when it did not. */
export function finishedReport(end: CliEnd): Report {
  if (end.code !== 0) throw new Error(`exit ${end.code}: ${end.stderr}${end.stdout}`);
  return document<Report>(end);
}

/** Content of a title folder by file, without what differs from run to run. */
export function fileFacts(report: Report): Record<string, string> {
  return Object.fromEntries(report.files.map(({ file, sha256 }) => [file, sha256]));
}
