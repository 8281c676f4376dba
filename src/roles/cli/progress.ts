import type { JobKind } from '../../model/job.ts';
import type { StageName } from '../../model/stage.ts';
import { formatSeconds } from './terminal.ts';

/** Where a title stands, in one value. Frames of work that runs in other processes are counted when it is done. */
export type Snapshot = {
  readonly stage: StageName;
  readonly jobsDone: number;
  readonly jobsTotal: number;
  readonly framesDone: number;
  /** 0: not known yet. */
  readonly framesTotal: number;
};

/** Which kinds of job a stage's line counts. */
export const STAGE_JOBS: { readonly [S in StageName]?: readonly JobKind[] } = {
  inspect: ['scan', 'inspect-range', 'inspect-audio', 'stitch'],
  plan: ['plan'],
  encode: ['encode', 'audio', 'text'],
  assemble: ['assemble'],
  package: ['package'],
  publish: ['publish'],
};

const LABELS: { readonly [S in StageName]: string } = {
  ingest: 'seal source',
  inspect: 'inspect',
  plan: 'plan',
  encode: 'encode and validate',
  validate: 'validate',
  assemble: 'assemble',
  package: 'package',
  publish: 'publish',
};

/** Follows one run: speed and time left come from what was done since this stage was first seen. */
export class Pace {
  #stage: StageName | null = null;
  #startMs = 0;
  #startFrames = 0;

  /** One line for people: stage, frames, speed, time left. */
  line(now: Snapshot, nowMs: number): string {
    if (this.#stage !== now.stage) {
      this.#stage = now.stage;
      this.#startMs = nowMs;
      this.#startFrames = now.framesDone;
    }
    const parts = [LABELS[now.stage]];
    if (now.framesTotal > 0) {
      const percent = Math.floor((100 * Math.min(now.framesDone, now.framesTotal)) / now.framesTotal);
      parts.push(`${percent} %`, `frame ${Math.min(now.framesDone, now.framesTotal)} of ${now.framesTotal}`);
    }
    if (now.jobsTotal > 0) parts.push(`${now.jobsDone} of ${now.jobsTotal} jobs`);
    const seconds = (nowMs - this.#startMs) / 1000;
    const speed = (now.framesDone - this.#startFrames) / Math.max(seconds, 0.001);
    if (seconds >= 2 && speed > 0) {
      parts.push(`${speed.toFixed(1)} frames/s`);
      if (now.framesTotal > 0) parts.push(`${formatSeconds((now.framesTotal - now.framesDone) / speed)} left`);
    }
    return parts.join(' · ');
  }
}

const BAR_CELLS = 24;
const PIPED_EVERY_MS = 5000;
const TERMINAL_EVERY_MS = 250;

/** Shows snapshots on standard error: in place on a terminal, as a line every few seconds elsewhere. */
export class ProgressView {
  #stream: NodeJS.WriteStream;
  #take: () => Promise<Snapshot | null>;
  #pace = new Pace();
  #timer: NodeJS.Timeout | null = null;
  #busy = false;
  #lastStage: StageName | null = null;
  #shown = false;

  constructor(stream: NodeJS.WriteStream, take: () => Promise<Snapshot | null>) {
    this.#stream = stream;
    this.#take = take;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#tick(), this.#stream.isTTY ? TERMINAL_EVERY_MS : PIPED_EVERY_MS);
    void this.#tick();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    if (this.#stream.isTTY && this.#shown) this.#stream.write('\n');
  }

  async #tick(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const snapshot = await this.#take();
      if (snapshot !== null && this.#timer !== null) this.#show(snapshot);
    } catch {
      // A look at the state that fails (a busy database, say) only costs one refresh.
    } finally {
      this.#busy = false;
    }
  }

  #show(snapshot: Snapshot): void {
    const line = this.#pace.line(snapshot, Date.now());
    if (!this.#stream.isTTY) {
      this.#stream.write(`${line}\n`);
      return;
    }
    if (this.#lastStage !== null && this.#lastStage !== snapshot.stage) this.#stream.write('\n');
    this.#lastStage = snapshot.stage;
    this.#shown = true;
    const share = snapshot.framesTotal > 0 ? Math.min(1, snapshot.framesDone / snapshot.framesTotal) : snapshot.jobsDone / Math.max(1, snapshot.jobsTotal);
    const cells = Math.round(share * BAR_CELLS);
    const text = `${'█'.repeat(cells)}${'░'.repeat(BAR_CELLS - cells)} ${line}`;
    this.#stream.write(`\r\u001b[K${text.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1))}`);
  }
}
