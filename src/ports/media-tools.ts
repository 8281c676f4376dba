/** What the found build can do; decides argument lists and is part of every content address. */
export type MediaAbilities = {
  readonly ffmpegPath: string;
  readonly ffprobePath: string;
  readonly major: number;
  readonly minor: number;
  /** Full version line. */
  readonly version: string;
  readonly encoders: ReadonlySet<string>;
  readonly filters: ReadonlySet<string>;
  /** Identity of the builds that decide coded bytes: hash over version lines, configuration and library versions. */
  readonly buildId: string;
};

/** What ends a process that takes too much. What is not said is bounded by the machine. */
export type MediaLimits = {
  readonly stallMs: number;
  readonly wallMs: number;
  readonly cpuSeconds?: number;
  /** Memory of its own. */
  readonly memoryBytes?: number;
  /** Largest file it may write. */
  readonly fileBytes?: number;
};

export type MediaCommand = {
  readonly tool: 'ffmpeg' | 'ffprobe';
  /** Without the program's name. */
  readonly args: readonly string[];
  /** Consumers of what the process writes on a descriptor (1 = standard output, 3 and up = `pipe:N`). A consumer may return a promise: the pipe waits for it. */
  readonly outputs?: { readonly [fd: number]: (bytes: Uint8Array) => void | Promise<void> };
  /** On the disk that the process writes to, if it writes files. */
  readonly cwd?: string;
  /** Killed after this long without a byte on any output and without progress; and after `wallMs` in all. */
  readonly limits: MediaLimits;
  /** Frames done, from `-progress` (ffmpeg only). */
  readonly onFrames?: (frames: number) => void;
  readonly signal?: AbortSignal;
};

export type MediaRun = {
  readonly command: readonly string[];
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakMemoryBytes: number;
  /** Lines the tool marked as errors or worse, the first 100. */
  readonly errorLines: readonly string[];
  /** All of standard error's informational text that fits in 256 Ki letters (the end of it). Where text of a file has a line that looks like the tool's own, `| ` stands before it. */
  readonly log: string;
};

export interface MediaTools {
  readonly abilities: MediaAbilities;
  /** Resolves when the process ended with status 0. Throws MediaFailure otherwise (its `evidence` has command, status, end of stderr): SL-350 when it reached its limit of CPU, memory, output or messages, else SL-301; and DiskFull (SL-110) when the tool says so and `cwd` has no room. The process never outlives this one. */
  run(command: MediaCommand): Promise<MediaRun>;
}
