import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { MediaCommand } from '../../ports/media-tools.ts';
import type { Environment } from './find-tools.ts';
import { guardCommand, type ProcessGuard } from './process-guard.ts';
import { limitsOf } from './process-limits.ts';
import { type ProcessUsage, readProcessUsage } from './process-usage.ts';
import { type LimitReached, Watchdog } from './watchdog.ts';

/** Takes what a process writes on one descriptor; the descriptor is not read on while a returned promise is pending. */
export type Consumer = (bytes: Uint8Array) => void | Promise<void>;

export type SupervisedCommand = {
  readonly command: readonly string[];
  readonly guard: ProcessGuard;
  readonly env: Environment;
  readonly cwd?: string;
  readonly outputs: ReadonlyMap<number, Consumer>;
  readonly hasNetwork?: boolean;
  /** Descriptors whose bytes alone are no sign of life. */
  readonly silentFds?: ReadonlySet<number>;
  readonly limits: MediaCommand['limits'];
  readonly signal?: AbortSignal;
  /** Given once at the start: call it at any other sign of life. */
  readonly onStart?: (touch: () => void) => void;
};

export type StopReason = LimitReached | 'abort' | 'consumer';

export type ProcessEnd = {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly signalName: string | null;
  /** Why we ended it; null: it ended by itself. */
  readonly stopped: StopReason | null;
  /** What a consumer threw. */
  readonly consumerError: unknown;
  readonly wallSeconds: number;
  /** As last seen in /proc, zero where there is none. */
  readonly usage: ProcessUsage;
};

const TERMINATE_MS = 2000;

/**
 * Runs one process to its end and never leaves it behind: it is in a group of its own, which is killed on a limit, on
 * abort (asked first, then forced after 2 s) and when a consumer fails; and it dies with us.
 * Rejects only when the program cannot be started.
 */
export async function superviseProcess(spec: SupervisedCommand): Promise<ProcessEnd> {
  const startedMs = performance.now();
  const { child, lifeline } = start(spec);
  await once(child, 'spawn');
  const run = new Supervision(child, spec);
  const exited = once(child, 'exit').then(() => lifeline?.end('done\n'));
  await Promise.all([exited, ...[...spec.outputs].map(([fd, consumer]) => run.pump(fd, consumer))]);
  run.finish();
  const { stopped, consumerError, usage } = run;
  return { status: child.exitCode, signalName: child.signalCode, stopped, consumerError, usage, wallSeconds: (performance.now() - startedMs) / 1000 };
}

function start(spec: SupervisedCommand): { child: ChildProcess; lifeline: Writable | null } {
  const fds = [...spec.outputs.keys()];
  const confinement = { limits: limitsOf(spec.limits), hasNetwork: spec.hasNetwork ?? false };
  const guarded = guardCommand(spec.guard, process.pid, fds, spec.command, confinement);
  const stdio = Array.from({ length: Math.max(2, ...fds) + 1 }, (_, fd) => (spec.outputs.has(fd) ? 'pipe' : 'ignore') as 'pipe' | 'ignore');
  if (guarded.needsLifeline) stdio[0] = 'pipe';
  const child = spawn(guarded.program, guarded.args, { cwd: spec.cwd, env: { ...spec.env }, stdio, detached: true });
  child.stdin?.on('error', () => {});
  return { child, lifeline: child.stdin };
}

class Supervision {
  stopped: StopReason | null = null;
  consumerError: unknown = null;
  usage: ProcessUsage = { cpuSeconds: 0, peakMemoryBytes: 0 };
  readonly #child: ChildProcess;
  readonly #spec: SupervisedCommand;
  readonly #watchdog: Watchdog;
  readonly #abort = () => this.#stop('abort');
  #escalation: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess, spec: SupervisedCommand) {
    this.#child = child;
    this.#spec = spec;
    this.#watchdog = new Watchdog(
      spec.limits,
      () => this.#sample(),
      (limit) => this.#stop(limit),
    );
    spec.onStart?.(() => this.#watchdog.touch());
    spec.signal?.addEventListener('abort', this.#abort, { once: true });
    if (spec.signal?.aborted) this.#abort();
  }

  async pump(fd: number, consumer: Consumer): Promise<void> {
    const stream = this.#child.stdio[fd] as Readable;
    const isSilent = this.#spec.silentFds?.has(fd) ?? false;
    try {
      for await (const bytes of stream) {
        if (!isSilent) this.#watchdog.touch();
        await this.#consume(consumer, bytes);
      }
      // The last look that a short process gives: it has closed the pipe and is not yet gone.
      this.#sample();
    } catch (error) {
      // A pipe that broke or was closed by us has simply ended; how the process ended tells the rest.
      if (!(error instanceof ConsumerFault)) return;
      this.consumerError = error.cause;
      this.#stop('consumer');
    }
  }

  finish(): void {
    this.#watchdog.stop();
    clearTimeout(this.#escalation);
    this.#spec.signal?.removeEventListener('abort', this.#abort);
  }

  async #consume(consumer: Consumer, bytes: Uint8Array): Promise<void> {
    try {
      const pending = consumer(bytes);
      if (pending) await this.#watchdog.hold(pending);
    } catch (error) {
      throw new ConsumerFault('consumer failed', { cause: error });
    }
  }

  #stop(reason: StopReason): void {
    if (this.stopped) return;
    this.stopped = reason;
    if (reason === 'abort') {
      this.#signalGroup('SIGTERM');
      this.#escalation = setTimeout(() => this.#kill(), TERMINATE_MS);
    } else {
      this.#kill();
    }
  }

  #kill(): void {
    this.#signalGroup('SIGKILL');
    // Whatever still holds the pipes after this has left the group: we stop listening to it.
    this.#escalation = setTimeout(() => this.#hangUp(), TERMINATE_MS);
  }

  #hangUp(): void {
    for (const stream of this.#child.stdio) stream?.destroy();
  }

  #signalGroup(name: NodeJS.Signals): void {
    try {
      process.kill(-this.#child.pid!, name);
    } catch {
      // Gone already.
    }
  }

  #sample(): void {
    const usage = readProcessUsage(this.#child.pid!);
    if (usage) this.usage = { cpuSeconds: usage.cpuSeconds, peakMemoryBytes: Math.max(usage.peakMemoryBytes, this.usage.peakMemoryBytes) };
  }
}

class ConsumerFault extends Error {}

function once(child: ChildProcess, event: 'spawn' | 'exit'): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once(event, () => resolve());
    child.once('error', reject);
  });
}
