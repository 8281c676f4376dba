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

export type MediaCommand = {
  readonly tool: 'ffmpeg' | 'ffprobe';
  /** Without the program's name. */
  readonly args: readonly string[];
  /** Consumers of what the process writes on a descriptor (1 = standard output, 3 and up = `pipe:N`). A consumer may return a promise: the pipe waits for it. */
  readonly outputs?: { readonly [fd: number]: (bytes: Uint8Array) => void | Promise<void> };
  readonly cwd?: string;
  /** Killed after this long without a byte on any output and without progress; and after `wallMs` in all. */
  readonly limits: { readonly stallMs: number; readonly wallMs: number };
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
  /** All of standard error's informational text that fits in 256 KiB (the end of it). */
  readonly log: string;
};

export interface MediaTools {
  readonly abilities: MediaAbilities;
  /** Resolves when the process ended with status 0. Throws MediaFailure otherwise (its `evidence` has command, status, end of stderr), and DiskFull (SL-110) when the tool says so. The process never outlives this one. */
  run(command: MediaCommand): Promise<MediaRun>;
}
