import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export type Script = {
  readonly pid: number;
  /** The next line of its output; throws when it ended. */
  line(): Promise<string>;
  /** Writes a line to its input. */
  say(line: string): void;
  /** Closes its input: the signal to go on. */
  go(): void;
  kill(): Promise<void>;
  /** Waits for its end and gives its exit status. */
  end(): Promise<number | null>;
};

/** Starts a script of `scripts/` with Node, before it the words of `prefix`. */
export function startScript(name: string, args: readonly string[], prefix: readonly string[] = []): Script {
  const script = fileURLToPath(new URL(`scripts/${name}`, import.meta.url));
  const [program, ...rest] = [...prefix, process.execPath, script, ...args];
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const end = async () => {
    await ended;
    return child.exitCode;
  };
  return {
    pid: child.pid!,
    line: async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name} ended with status ${await end()}`);
      return value;
    },
    say: (line) => void child.stdin.write(`${line}\n`),
    go: () => child.stdin.end(),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    end,
  };
}
