import { StringDecoder } from 'node:string_decoder';

const MAX_LINE = 1024;

/**
 * Reads what ffmpeg writes under `-progress`: `key=value` lines.
 * Since version 7 ffmpeg repeats the same report while it hangs, so only a value that changed is a sign of life.
 */
export class ProgressReader {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onChange: (frames: number | null) => void;
  readonly #seen = new Map<string, string>();
  #line = '';

  /** @param onChange called when frames, time or size changed; with the frame count where it is that. */
  constructor(onChange: (frames: number | null) => void) {
    this.#onChange = onChange;
  }

  write(bytes: Uint8Array): void {
    const lines = (this.#line + this.#decoder.write(bytes)).split('\n');
    this.#line = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) this.#note(line);
  }

  #note(line: string): void {
    const match = /^(frame|out_time_us|total_size|progress)=\s*(\w+)$/.exec(line);
    if (!match || this.#seen.get(match[1]) === match[2]) return;
    this.#seen.set(match[1], match[2]);
    const frames = match[1] === 'frame' ? Number(match[2]) : Number.NaN;
    this.#onChange(Number.isSafeInteger(frames) ? frames : null);
  }
}
