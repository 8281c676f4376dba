import { StringDecoder } from 'node:string_decoder';

const KEPT_LETTERS = 256 * 1024;
/** Messages of one process. A film of three hours of whose sound every packet is damaged makes about 100 MiB of them. */
export const MOST_MESSAGE_BYTES = 128 * 2 ** 20;
const MAX_ERROR_LINES = 100;
const MAX_LINE = 4096;

/**
 * What makes the tool colour its own words. From text that it shows of a file it takes every escape (libavutil/log.c,
 * `sanitize`), so only what it says itself can begin with a colour, wherever a file's text has line ends.
 */
export const TELLING_ENVIRONMENT = { AV_LOG_FORCE_COLOR: '1' } as const;
const COLOUR = '\u001b[';
const COLOURS = /\p{Cc}\[[\d;]*m/gu;
/** What the tool writes in colour only. Its plain information has none. */
const ALWAYS_COLOURED = /^(?:\[(?!info\] )| *Last message repeated )/;
const SET_OFF = '| ';

const HAS_ERROR_MARK = /\[(?:error|fatal|panic)\] /;
/** A line the tool marked `[error]` or worse under `-v level+…`, behind at most the name of the part that speaks. */
const ERROR_LINE = /^(?:\[[^\]]{1,100} @ 0x[0-9a-f]+\] ){0,4}\[(?:error|fatal|panic)\] /;
const DISK_FULL = /(?:No space left on device|Disk quota exceeded)\.?$/;
const BENCH_TIMES = /^\[info\] bench: utime=([\d.]+)s stime=([\d.]+)s rtime=/gm;
const BENCH_MEMORY = /^\[info\] bench: maxrss=(\d+)(kB|KiB)/gm;

/** Collects standard error in bounded memory: the end of it, and the lines marked as errors. */
export class ToolLog {
  readonly errorLines: string[] = [];
  readonly #decoder = new StringDecoder('utf8');
  #bytes = 0;
  #before = '';
  #recent = '';
  #line = '';

  write(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    const text = this.#decoder.write(bytes).replaceAll('\r', '\n');
    this.#recent += text;
    if (this.#recent.length >= KEPT_LETTERS) {
      this.#before = this.#recent;
      this.#recent = '';
    }
    if (this.errorLines.length >= MAX_ERROR_LINES) return;
    const lines = text.split('\n');
    lines[0] = this.#line + lines[0];
    this.#line = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) this.#note(line);
  }

  end(): void {
    this.#note(this.#line);
    this.#line = '';
  }

  /** More than any film makes a tool say. */
  get isTooLong(): boolean {
    return this.#bytes > MOST_MESSAGE_BYTES;
  }

  /** Without colours. A line that looks like the tool's own and is not is set off by `| `. */
  get text(): string {
    return (this.#before + this.#recent).slice(-KEPT_LETTERS).split('\n').map(plainLine).join('\n');
  }

  /** That the disk is full may still be what a file says, quoted in an error. */
  get saysDiskFull(): boolean {
    return this.errorLines.some((line) => DISK_FULL.test(line));
  }

  #note(raw: string): void {
    if (this.errorLines.length >= MAX_ERROR_LINES || !raw.startsWith(COLOUR) || !HAS_ERROR_MARK.test(raw)) return;
    const line = plainLine(raw.slice(0, MAX_LINE));
    if (ERROR_LINE.test(line)) this.errorLines.push(line);
  }
}

/** CPU time and peak memory that `-benchmark` reported, or null. */
export function parseBench(log: string): { cpuSeconds: number; peakMemoryBytes: number } | null {
  const times = [...log.matchAll(BENCH_TIMES)].at(-1);
  if (!times) return null;
  const memory = [...log.matchAll(BENCH_MEMORY)].at(-1);
  return { cpuSeconds: Number(times[1]) + Number(times[2]), peakMemoryBytes: memory ? Number(memory[1]) * 1024 : 0 };
}

function plainLine(raw: string): string {
  const line = withoutControls(raw.replace(COLOURS, ''));
  return raw.startsWith(COLOUR) || !ALWAYS_COLOURED.test(line) ? line : SET_OFF + line;
}

/** Text of a file ends up here (titles, names): it must not steer the terminal that shows it, nor turn round what a person reads. */
function withoutControls(line: string): string {
  return line.replace(/(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
}
