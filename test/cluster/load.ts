import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attempt, JobKind } from '../../src/model/job.ts';
import type { Ladder } from '../../src/model/ladder.ts';
import { parseReport, type Report } from '../../src/model/report.ts';
import type { CliEnd } from '../support/cli.ts';
import { folderHashes } from '../support/folder-hashes.ts';
import type { ClusterPlace } from './cluster-place.ts';

/** `leastChunks`: it has at least so many. */
export type LoadFilm = { readonly path: string; readonly leastChunks: number };
export type ListedAttempt = Attempt & { readonly kind: JobKind; readonly part: { readonly index: number } };

export type LoadOrder = {
  /** The titles are called after it. */
  readonly name: string;
  readonly place: ClusterPlace;
  readonly films: readonly LoadFilm[];
  /** With each `crf` other pictures come out, so no title can use what another one left. */
  readonly ladder: (crf: number) => Ladder;
  /** Runs a command on the cluster. */
  readonly run: (args: readonly string[]) => Promise<CliEnd>;
};

/** What became of a title. */
export type TitleOutcome = {
  readonly id: string;
  readonly film: string;
  readonly report: Report;
  readonly attempts: readonly ListedAttempt[];
  /** Files that are not byte for byte what one machine makes; empty when all is well, or when it was not to be compared. */
  readonly differingFiles: readonly string[];
};

type LoadTitle = { readonly id: string; readonly film: LoadFilm; readonly ladderPath: string };

const FIRST_CRF = 24;

/** Titles for a cluster to work on while things happen to it, and their comparison with what one machine makes of them. */
export class Load {
  readonly titles: LoadTitle[] = [];
  readonly #order: LoadOrder;

  constructor(order: LoadOrder) {
    this.#order = order;
  }

  /** Encode jobs that the titles have at least. */
  get leastChunks(): number {
    return this.titles.reduce((sum, { film }) => sum + film.leastChunks, 0);
  }

  /** Submits a further title; the films take turns. */
  async submit(): Promise<string> {
    const { place, films, ladder } = this.#order;
    const number = this.titles.length;
    const film = films[number % films.length];
    const id = `${this.#order.name}-${number + 1}`;
    const ladderPath = await place.ladder(ladder(FIRST_CRF + Math.floor(number / films.length)), id);
    this.titles.push({ id, film, ladderPath });
    // Somebody may be on the way to being seen: SL-113 says that no worker is there yet.
    for (;;) {
      const end = await this.#order.run(['submit', film.path, '--title', id, '--ladder', ladderPath]);
      if (end.code === 0) return id;
      if (!end.stderr.includes('SL-113')) throw new Error(`submit ended with ${end.code}: ${end.stderr}`);
    }
  }

  /** Waits until every title has ended, and fetches it; `compare`: makes it again on this machine alone. Throws when one is not published. */
  async finish(compare: boolean): Promise<TitleOutcome[]> {
    const outcomes: TitleOutcome[] = [];
    for (const title of this.titles) outcomes.push(await this.#finish(title, compare));
    return outcomes;
  }

  async #finish(title: LoadTitle, compare: boolean): Promise<TitleOutcome> {
    const { id, film, ladderPath } = title;
    await this.#mustRun(['submit', film.path, '--title', id, '--ladder', ladderPath, '--wait']);
    const fetched = join(this.#order.place.root, `${id}-fetched`);
    await this.#mustRun(['fetch', id, '--out', fetched]);
    const { attempts } = JSON.parse((await this.#mustRun(['jobs', id, '--json'])).stdout) as { attempts: ListedAttempt[] };
    const report = parseReport(await readFile(join(fetched, 'report.json'), 'utf8'));
    return { id, film: film.path, report, attempts, differingFiles: compare ? await this.#differences(title, fetched) : [] };
  }

  async #differences({ id, film, ladderPath }: LoadTitle, fetched: string): Promise<string[]> {
    const { place } = this.#order;
    const alone = join(place.root, `${id}-alone`);
    const embedded = await place.encode(film.path, ladderPath, alone);
    if (embedded.code !== 0) throw new Error(`encode ended with ${embedded.code}: ${embedded.stderr}`);
    const [ours, theirs] = [await folderHashes(fetched), await folderHashes(alone)];
    const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    return [...names].filter((name) => ours[name] !== theirs[name]);
  }

  async #mustRun(args: readonly string[]): Promise<CliEnd> {
    const end = await this.#order.run(args);
    if (end.code !== 0) throw new Error(`${args.join(' ')} ended with ${end.code}: ${end.stderr}${end.stdout}`);
    return end;
  }
}

/** Attempts of encode jobs that began after the job had been proven and still made frames, or proved it again. */
export function provenTwice({ attempts }: Pick<TitleOutcome, 'attempts'>): string[] {
  const encodes = attempts.filter(({ kind }) => kind === 'encode');
  return [...Map.groupBy(encodes, ({ jobId }) => jobId)].flatMap(([jobId, tries]) => {
    const done = tries.filter(({ outcome }) => outcome === 'done');
    const provenMs = Math.min(...done.map(({ endedMs }) => endedMs ?? Number.POSITIVE_INFINITY));
    return done.length > 1 || tries.some(({ startedMs, frames }) => startedMs >= provenMs && frames > 0) ? [jobId] : [];
  });
}

/** Frames of the chunks whose attempts came to nothing: at most so many were encoded in vain. */
export function framesLost(outcome: Pick<TitleOutcome, 'attempts' | 'report'>, isMeant: (attempt: ListedAttempt) => boolean = () => true): number {
  const { chunks } = outcome.report;
  return outcome.attempts
    .filter((attempt) => attempt.kind === 'encode' && attempt.outcome !== 'done' && isMeant(attempt))
    .reduce((sum, { part }) => sum + chunks[part.index].endFrameExclusive - chunks[part.index].startFrame, 0);
}
