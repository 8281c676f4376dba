import { StringDecoder } from 'node:string_decoder';

const KEPT_BYTES = 256 * 1024;
const MAX_ERROR_LINES = 100;
const MAX_LINE = 4096;

/**
 * A line the tool marked `[error]` or worse under `-v level+…`. Marks stand at the start, behind at most the name of
 * the part that speaks, so text from inside a file cannot pass for one.
 */
const ERROR_LINE = /^(?:\[[^\]]{1,100} @ 0x[0-9a-f]+\] ){0,4}\[(?:error|fatal|panic)\] /;
const DISK_FULL = /(?:No space left on device|Disk quota exceeded)\.?$/;
const BENCH_TIMES = /^\[info\] bench: utime=([\d.]+)s stime=([\d.]+)s rtime=/gm;
const BENCH_MEMORY = /^\[info\] bench: maxrss=(\d+)(kB|KiB)/gm;

/** Collects standard error in bounded memory: the end of it, and the lines marked as errors. */
export class ToolLog {
  readonly errorLines: string[] = [];
  readonly #decoder = new StringDecoder('utf8');
  #text = '';
  #line = '';

  write(bytes: Uint8Array): void {
    const text = withoutControls(this.#decoder.write(bytes));
    this.#text = (this.#text + text).slice(-KEPT_BYTES);
    const lines = text.split('\n');
    lines[0] = this.#line + lines[0];
    this.#line = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) this.#note(line);
  }

  end(): void {
    this.#note(this.#line);
    this.#line = '';
  }

  get text(): string {
    return this.#text;
  }

  get saysDiskFull(): boolean {
    return this.errorLines.some((line) => DISK_FULL.test(line));
  }

  #note(line: string): void {
    if (this.errorLines.length < MAX_ERROR_LINES && ERROR_LINE.test(line)) this.errorLines.push(line.slice(0, MAX_LINE));
  }
}

/** CPU time and peak memory that `-benchmark` reported, or null. */
export function parseBench(log: string): { cpuSeconds: number; peakMemoryBytes: number } | null {
  const times = [...log.matchAll(BENCH_TIMES)].at(-1);
  if (!times) return null;
  const memory = [...log.matchAll(BENCH_MEMORY)].at(-1);
  return { cpuSeconds: Number(times[1]) + Number(times[2]), peakMemoryBytes: memory ? Number(memory[1]) * 1024 : 0 };
}

/** Text of a file ends up here (titles, names): it must not steer the terminal that shows it, nor turn round what a person reads. Carriage returns end lines. */
function withoutControls(text: string): string {
  return text.replaceAll('\r', '\n').replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
}
