import { ScenelineError } from '../../model/errors.ts';

export type Fault = {
  /** Path inside the title folder; the source's own path where the source is at fault. */
  readonly file: string;
  readonly message: string;
  /** Presentation order, from zero. */
  readonly frame?: number;
};

/** More than this about one file helps nobody. */
const LISTED_PER_FILE = 20;

/** Collects faults, a bounded number for each file. */
export class FaultList {
  readonly #listed: Fault[] = [];
  readonly #counts = new Map<string, number>();

  add(file: string, message: string, frame?: number): void {
    const count = this.countOf(file) + 1;
    this.#counts.set(file, count);
    if (count <= LISTED_PER_FILE) this.#listed.push(frame === undefined ? { file, message } : { file, message, frame });
  }

  countOf(file: string): number {
    return this.#counts.get(file) ?? 0;
  }

  all(): Fault[] {
    const more = [...this.#counts].filter(([, count]) => count > LISTED_PER_FILE);
    return [...this.#listed, ...more.map(([file, count]) => ({ file, message: `and ${count - LISTED_PER_FILE} faults more` }))];
  }

  /**
   * Does one part of the proof; what cannot be read, decoded or understood there is a fault of `file`. Null then.
   * Throws on what has nothing to do with the title: no tool, a full disk, an interruption.
   */
  async attempt<T>(file: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      const message = faultMessage(error);
      if (message === null) throw error;
      this.add(file, message);
      return null;
    }
  }
}

/** Words for an error that the title's files caused; null when something else did. */
function faultMessage(error: unknown): string | null {
  if (error instanceof ScenelineError) {
    if (error.code.startsWith('SL-1')) return null;
    const tail = error.evidence?.stderrTail?.trim().split('\n').at(-1);
    return tail ? `${error.message} ${tail}` : error.message;
  }
  if (error instanceof RangeError) return error.message;
  const code = (error as NodeJS.ErrnoException).code;
  return code !== undefined && ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EIO', 'ELOOP'].includes(code) ? `cannot be read (${code})` : null;
}
