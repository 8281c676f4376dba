import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const WRAPPER = fileURLToPath(new URL('../../sceneline', import.meta.url));

export type CliEnd = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly stdout: string; readonly stderr: string };
export type CliRun = {
  readonly child: ChildProcess;
  readonly end: Promise<CliEnd>;
};

/** Starts the command line as people do, in a process of its own. `enter`: words before the command, which become it. */
export function startCli(args: readonly string[], env: NodeJS.ProcessEnv = {}, enter: readonly string[] = []): CliRun {
  const [program, ...rest] = [...enter, WRAPPER, ...args];
  const child = spawn(program, rest, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  return { child, end: new Promise((done) => child.once('close', (code, signal) => done({ code, signal, ...said }))) };
}

export function runCli(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliEnd> {
  return startCli(args, env).end;
}
