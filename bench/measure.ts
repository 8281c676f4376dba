import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What a benchmark says: a ratio measured in one run, with what it was made of. */
export type BenchResult = {
  readonly name: string;
  readonly figure: number;
  /** The figure should not be above this. */
  readonly target: number;
  readonly detail: { readonly [key: string]: unknown };
};

const TICKS_PER_SECOND = 100;

/** CPU seconds of one live process and all below it, themselves and what they waited for (proc(5), fields 14 to 17). */
export function treeCpuSeconds(pid: number): number {
  const parents = new Map<number, { parent: number; seconds: number }>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      parents.set(Number(name), { parent: Number(fields[1]), seconds: fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND });
    } catch {
      // The process ended between the listing and the look.
    }
  }
  const isBelow = (id: number): boolean => id === pid || (parents.has(id) && isBelow(parents.get(id)!.parent));
  return [...parents.keys()].filter(isBelow).reduce((sum, id) => sum + parents.get(id)!.seconds, 0);
}

/** CPU seconds of all children of this process that ended, with everything they waited for. */
export function childrenCpuSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

export type Measured = { readonly wallSeconds: number; readonly cpuSeconds: number; readonly peakRssBytes: number };

/** Runs a command alone and measures it and everything it starts. `peakRssBytes` is the command's own process only. Throws when it fails. */
export async function measure(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Measured> {
  const cpuBefore = childrenCpuSeconds();
  const startedMs = performance.now();
  const child = spawn(command[0], command.slice(1), { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const stderr: Buffer[] = [];
  child.stderr?.on('data', (bytes: Buffer) => stderr.push(bytes));
  const peak = watchPeak(child);
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${Buffer.concat(stderr).toString('utf8').slice(-2000)}`);
  return { wallSeconds: (performance.now() - startedMs) / 1000, cpuSeconds: childrenCpuSeconds() - cpuBefore, peakRssBytes: peak() };
}

function watchPeak(child: ChildProcess): () => number {
  let peakBytes = 0;
  const look = () => {
    try {
      const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      peakBytes = Math.max(peakBytes, Number(kib ?? 0) * 1024);
    } catch {
      // Gone already.
    }
  };
  const timer = setInterval(look, 100);
  child.once('exit', () => clearInterval(timer));
  return () => peakBytes;
}

/** What a person types, ready for arguments. */
export function scenelineCommand(...args: readonly string[]): string[] {
  return [new URL('../sceneline', import.meta.url).pathname, ...args];
}
