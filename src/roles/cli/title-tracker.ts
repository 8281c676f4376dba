import type { JobKind } from '../../model/job.ts';
import { type Plan, titleKeys } from '../../model/plan.ts';
import type { StageName } from '../../model/stage.ts';
import type { Title, TitleState } from '../../model/title.ts';
import { readJson } from '../../pipeline/handlers/deps.ts';
import type { RunNote } from '../../pipeline/worker.ts';
import type { Laptop } from '../all-in-one.ts';
import { type Snapshot, STAGE_JOBS } from './progress.ts';

const STAGE_OF_STATE: { readonly [S in TitleState]?: StageName } = {
  registered: 'inspect',
  inspecting: 'inspect',
  planning: 'plan',
  encoding: 'encode',
  assembling: 'assemble',
  packaging: 'package',
};

/** Keeps what a run tells about itself and answers "where are we" from that and the rows. */
export class TitleTracker {
  #laptop: Pick<Laptop, 'queue' | 'blobs'>;
  #title: Title | null = null;
  #sealing: { bytes: number; ofBytes: number } | null = null;
  #running = new Map<string, { kind: JobKind; frames: number }>();
  #plan: Plan | null = null;
  #inspectedFrames = 0;

  constructor(laptop: Pick<Laptop, 'queue' | 'blobs'>) {
    this.#laptop = laptop;
  }

  sealed(bytes: number, ofBytes: number): void {
    this.#sealing = { bytes, ofBytes };
  }

  note(note: RunNote): void {
    this.#sealing = null;
    if (note.type === 'title') this.#title = note.title;
    else if (note.type === 'settled') {
      const ended = this.#running.get(note.job.id);
      if (note.job.kind === 'inspect-range' && note.outcome === 'done') this.#inspectedFrames += ended?.frames ?? 0;
      this.#running.delete(note.job.id);
    } else this.#running.set(note.job.id, { kind: note.job.kind, frames: note.type === 'frames' ? note.frames : 0 });
  }

  async snapshot(): Promise<Snapshot | null> {
    if (this.#sealing) {
      const share = Math.round((1000 * this.#sealing.bytes) / Math.max(1, this.#sealing.ofBytes));
      return { stage: 'ingest', jobsDone: share, jobsTotal: 1000, framesDone: 0, framesTotal: 0 };
    }
    const title = this.#title;
    const stage = title && STAGE_OF_STATE[title.state];
    if (!title || !stage) return null;
    const counts = await this.#laptop.queue.counts(title.id, title.revision);
    const kinds = STAGE_JOBS[stage] ?? [];
    const sum = (states: readonly ('ready' | 'running' | 'done' | 'parked')[]) =>
      kinds.reduce((all, kind) => all + states.reduce((some, state) => some + (counts[kind]?.[state] ?? 0), 0), 0);
    const { progress } = title;
    const unadmitted = stage === 'encode' ? ((progress.chunkCount ?? 0) - (progress.admittedChunks ?? 0)) * (progress.codecs?.length ?? 1) : 0;
    const jobsTotal = sum(['ready', 'running', 'done', 'parked']) + unadmitted;
    return { stage, jobsDone: sum(['done']), jobsTotal, ...(await this.#frames(title, stage, counts.encode?.done ?? 0)) };
  }

  async #frames(title: Title, stage: StageName, chunkJobsDone: number): Promise<{ framesDone: number; framesTotal: number }> {
    const running = (kind: JobKind) => [...this.#running.values()].reduce((sum, job) => (job.kind === kind ? sum + job.frames : sum), 0);
    if (stage === 'inspect') return { framesDone: this.#inspectedFrames + running('inspect-range'), framesTotal: 0 };
    if (stage !== 'encode') return { framesDone: 0, framesTotal: 0 };
    this.#plan ??= await readJson<Plan>(this.#laptop, titleKeys.plan(title.id, title.revision));
    const { frameCount, chunks } = this.#plan;
    const jobs = chunks.length * (title.progress.codecs?.length ?? 1);
    const framesTotal = frameCount * (title.progress.codecs?.length ?? 1);
    return { framesDone: Math.min(framesTotal, Math.round((chunkJobsDone / jobs) * framesTotal) + running('encode')), framesTotal };
  }
}
