import { spawnSync } from 'node:child_process';
import { availableParallelism, totalmem } from 'node:os';
import type { MediaCommand } from '../../ports/media-tools.ts';
import type { ProcessEnd } from './supervise.ts';

/** What the kernel holds a process to (setrlimit(2)). */
export type ProcessLimits = {
  readonly cpuSeconds: number;
  /** Memory of its own, in bytes: what it may write to and shares with nobody (RLIMIT_DATA). */
  readonly memoryBytes: number;
  /** Largest file it may write. */
  readonly fileBytes: number;
  readonly openFiles: number;
};

export type LimitName = 'CPU' | 'memory' | 'output';

const GIB = 1024 ** 3;
/** Of the machine's memory; an encode of 8K takes some gigabytes, and so does a decoder that keeps sixteen pictures of that size. */
const MEMORY_SHARE = 0.7;
const LEAST_MEMORY_BYTES = 4 * GIB;
const FILE_BYTES = 32 * GIB;
const OPEN_FILES = 256;
/** Between the signal that ffmpeg ends on and the one that nothing survives. */
const CPU_GRACE_SECONDS = 5;
/** `ulimit` counts files in blocks of 512 bytes and memory in kilobytes. */
const BLOCK_BYTES = 512;

/** A shell's words that set what `limitWords` gives. A limit that is already stricter stays; no core files, which would hold the source. */
export const SET_LIMITS = '{ ulimit -c 0; ulimit -n "$1"; ulimit -f "$2"; ulimit -d "$3"; ulimit -S -t "$4"; ulimit -H -t "$5"; } 2>/dev/null';
export const SET_LIMITS_WORDS = 5;

export function limitWords({ openFiles, fileBytes, memoryBytes, cpuSeconds }: ProcessLimits): string[] {
  const cpu = Math.ceil(cpuSeconds);
  return [openFiles, Math.ceil(fileBytes / BLOCK_BYTES), Math.ceil(memoryBytes / 1024), cpu, cpu + CPU_GRACE_SECONDS].map(String);
}

/** The limits of a command, with what it leaves open filled in: as much CPU as its time allows on all cores, most of the machine's memory. */
export function limitsOf(limits: MediaCommand['limits']): ProcessLimits {
  return {
    cpuSeconds: limits.cpuSeconds ?? (limits.wallMs / 1000) * availableParallelism(),
    memoryBytes: limits.memoryBytes ?? mostMemoryBytes(),
    fileBytes: limits.fileBytes ?? FILE_BYTES,
    openFiles: OPEN_FILES,
  };
}

const ASKED: ProcessLimits = { openFiles: 100, fileBytes: 512 * 1000, memoryBytes: 1024 * 1_000_000, cpuSeconds: 1000 };

/** Limits that this machine's shell does not set, by name: asks it to, and to say what it did. Starts one short process. */
export function missingLimits(): string[] {
  const script = `${SET_LIMITS}; for of in n f d t; do ulimit -S -$of || echo none; done`;
  const run = spawnSync('/bin/sh', ['-c', script, 'sh', ...limitWords(ASKED)], { encoding: 'utf8', timeout: 10_000 });
  const said = (run.stdout ?? '').split('\n').map(Number);
  const wanted = limitWords(ASKED).map(Number);
  return ['open files', 'output', 'memory', 'CPU time'].filter((_, i) => !(said[i] <= wanted[i]));
}

/** In a container the container's memory counts. */
function mostMemoryBytes(): number {
  const constrained = process.constrainedMemory();
  const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(LEAST_MEMORY_BYTES, machine * MEMORY_SHARE);
}

/** SIGXCPU has this number on Linux and macOS; ffmpeg catches it and says so, other programs die of it. */
const CAUGHT_CPU_SIGNAL = /^\[info\] Exiting normally, received signal 24\.$/m;
/** What the tools and the encoders in them say when they get no memory; not in the lines in which they show what a file says about itself. */
const NO_MEMORY = /^(?!\[info\]).*(?:Cannot allocate memory|bad_alloc|malloc of size \d+ failed)/m;

/** The limit that ended a process, or null. @param log what it said last */
export function limitReached(end: Pick<ProcessEnd, 'status' | 'signalName'>, log: string): LimitName | null {
  if (end.status === 0) return null;
  if (end.signalName === 'SIGXCPU' || CAUGHT_CPU_SIGNAL.test(log)) return 'CPU';
  if (end.signalName === 'SIGXFSZ') return 'output';
  return NO_MEMORY.test(log) ? 'memory' : null;
}
