import { ScenelineError } from '../../model/errors.ts';
import type { MediaAbilities, MediaCommand, MediaRun, MediaTools } from '../../ports/media-tools.ts';
import { probeAbilities, requireUsable } from './abilities.ts';
import { isDiskFull } from './disk-room.ts';
import { type Environment, findTools } from './find-tools.ts';
import { type ProcessGuard, probeGuard } from './process-guard.ts';
import { type LimitName, limitReached, limitsOf } from './process-limits.ts';
import { ProgressReader } from './progress.ts';
import { type Consumer, type ProcessEnd, superviseProcess } from './supervise.ts';
import { MOST_MESSAGE_BYTES, parseBench, TELLING_ENVIRONMENT, ToolLog } from './tool-log.ts';

const STDERR_TAIL = 8 * 1024;
const FIRST_FREE_FD = 3;

/** Runs ffmpeg and ffprobe: the only place that starts media processes. */
export class FfmpegMediaTools implements MediaTools {
  readonly abilities: MediaAbilities;
  readonly #guard: ProcessGuard;
  readonly #env: Environment;

  constructor(abilities: MediaAbilities, guard: ProcessGuard, env: Environment) {
    this.abilities = abilities;
    this.#guard = guard;
    this.#env = env;
  }

  /** Finds and probes the tools that `env` names. Throws SL-102 (missing) or SL-103 (too old, no libx264). */
  static async open(env: Environment): Promise<FfmpegMediaTools> {
    const guard = probeGuard(env);
    const toolEnv = toolEnvironment(env);
    const abilities = await probeAbilities(findTools(env), guard, toolEnv);
    requireUsable(abilities);
    return new FfmpegMediaTools(abilities, guard, toolEnv);
  }

  async run(command: MediaCommand): Promise<MediaRun> {
    if (command.signal?.aborted) throw interrupted(command.signal);
    const isFfmpeg = command.tool === 'ffmpeg';
    const progressFd = isFfmpeg ? freeFd(command.outputs ?? {}) : null;
    const program = isFfmpeg ? this.abilities.ffmpegPath : this.abilities.ffprobePath;
    const argv = [program, ...preludeArgs(command.tool, progressFd), ...command.args];
    const log = new ToolLog();
    const end = await this.#supervise(command, argv, progressFd, log);
    log.end();
    if (end.stopped === 'consumer') throw end.consumerError;
    if (end.stopped === 'abort') throw interrupted(command.signal);
    const saysDiskFull = log.saysDiskFull;
    if (saysDiskFull && command.cwd !== undefined && (await isDiskFull(command.cwd))) throw diskFull(argv, end, log);
    // What was written is cut short then, whatever the exit status.
    if (end.status !== 0 || end.stopped || saysDiskFull) throw failure(argv, end, log, command.limits);
    const used = parseBench(log.text) ?? end.usage;
    return { command: argv, wallSeconds: end.wallSeconds, ...used, errorLines: log.errorLines, log: log.text };
  }

  async #supervise(command: MediaCommand, argv: readonly string[], progressFd: number | null, log: ToolLog): Promise<ProcessEnd> {
    let touch = () => {};
    const outputs = new Map<number, Consumer>(Object.entries(command.outputs ?? {}).map(([fd, consumer]) => [Number(fd), consumer]));
    outputs.set(2, (bytes) => {
      log.write(bytes);
      if (log.isTooLong) throw tooManyMessages(argv, log);
    });
    const progress = new ProgressReader((frames) => {
      touch();
      if (frames !== null) command.onFrames?.(frames);
    });
    if (progressFd !== null) outputs.set(progressFd, (bytes) => progress.write(bytes));
    const { cwd, limits, signal } = command;
    const silentFds = new Set(progressFd === null ? [] : [progressFd]);
    const hasNetwork = needsNetwork(command.args);
    const onStart = (signOfLife: () => void) => {
      touch = signOfLife;
    };
    const world = { guard: this.#guard, env: { ...this.#env, ...TELLING_ENVIRONMENT }, cwd, hasNetwork };
    return superviseProcess({ command: argv, ...world, outputs, silentFds, limits, signal, onStart }).catch((cause) => {
      throw new ScenelineError('SL-102', `${argv[0]} cannot be started.`, { cause });
    });
  }
}

/** What stands before the caller's arguments. How much of a damaged source must be decodable is for stages to judge, and no share of it for ffmpeg. */
export function preludeArgs(tool: MediaCommand['tool'], progressFd: number | null): readonly string[] {
  if (tool === 'ffprobe') return ['-hide_banner', '-v', 'level+error'];
  return ['-hide_banner', '-nostdin', '-nostats', '-v', 'level+info', '-benchmark', '-progress', `pipe:${progressFd}`, '-max_error_rate', '1'];
}

/**
 * Whether a command reads from our own loopback reader. Its protocol lists say so, which are the one place that allows it
 * (src/model/media-input.ts); every other process gets no network at all.
 */
export function needsNetwork(args: readonly string[]): boolean {
  return args.some((arg, i) => args[i - 1] === '-protocol_whitelist' && arg.split(',').includes('tcp'));
}

/** The little of our environment that a media tool may see: enough to start it or a script that stands for it. */
export function toolEnvironment(env: Environment): Environment {
  const kept = ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR'].filter((name) => env[name] !== undefined);
  return { ...Object.fromEntries(kept.map((name) => [name, env[name]])), LC_ALL: 'C' };
}

function freeFd(outputs: { readonly [fd: number]: unknown }): number {
  let fd = FIRST_FREE_FD;
  while (fd in outputs) fd++;
  return fd;
}

function interrupted(signal: AbortSignal | undefined): ScenelineError {
  return new ScenelineError('SL-130', 'The media process was stopped on request.', { cause: signal?.reason });
}

function tooManyMessages(command: readonly string[], log: ToolLog): ScenelineError {
  const evidence = { command, exitStatus: 'stopped (messages limit)', stderrTail: log.text.slice(-STDERR_TAIL) };
  const most = `${MOST_MESSAGE_BYTES / 2 ** 20} MiB of messages`;
  return new ScenelineError('SL-350', `${toolName(command)} wrote more than ${most} and was stopped.`, { evidence });
}

function toolName(command: readonly string[]): string {
  return command[0].split('/').at(-1)!;
}

function diskFull(command: readonly string[], end: ProcessEnd, log: ToolLog): ScenelineError {
  const evidence = { command, exitStatus: exitWords(end), stderrTail: log.text.slice(-STDERR_TAIL) };
  return new ScenelineError('SL-110', 'No space left on the disk that the media tool writes to.', { evidence });
}

function failure(command: readonly string[], end: ProcessEnd, log: ToolLog, limits: MediaCommand['limits']): ScenelineError {
  const tool = toolName(command);
  const reached = end.stopped ? null : limitReached(end, log.text);
  const exitStatus = reached ? `${exitWords(end)} (${reached} limit)` : exitWords(end);
  const evidence = { command, exitStatus, stderrTail: log.text.slice(-STDERR_TAIL) };
  if (reached) return new ScenelineError('SL-350', `${tool} took more than ${mostOf(reached, limits)} and was stopped.`, { evidence });
  const because = {
    stall: `gave no sign of life for ${seconds(limits.stallMs)} and was killed`,
    wall: `was not done after ${seconds(limits.wallMs)} and was killed`,
    none: `failed (${exitWords(end)})${log.errorLines.length > 0 ? `: ${log.errorLines.at(-1)}` : ''}`,
  };
  const reason = end.stopped === 'stall' || end.stopped === 'wall' ? end.stopped : 'none';
  return new ScenelineError('SL-301', `${tool} ${because[reason]}.`, { evidence });
}

/** A limit in words. */
function mostOf(reached: LimitName, limits: MediaCommand['limits']): string {
  const { cpuSeconds, memoryBytes, fileBytes } = limitsOf(limits);
  const words = {
    CPU: `${seconds(cpuSeconds * 1000)} of CPU time`,
    memory: `${gibibytes(memoryBytes)} of memory`,
    output: `${gibibytes(fileBytes)} of output`,
  };
  return words[reached];
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

function exitWords(end: ProcessEnd): string {
  const how = end.signalName ? `signal ${end.signalName}` : `exit ${end.status}`;
  return end.stopped ? `${how} (${end.stopped} limit)` : how;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
