import { setTimeout as sleep } from 'node:timers/promises';

/** Messages from now on, until it is closed or dies. */
export type NoteStream = { readonly messages: AsyncIterable<{ readonly value: Uint8Array | null | undefined }>; close(): Promise<void> };

const REOPEN_DELAY_MS = 500;

/**
 * Listens to a stream of notes; one that died is opened anew, as often as it takes. What was said in between is lost: the rows say it too, only later.
 */
export class NoteEar {
  readonly #open: () => Promise<NoteStream>;
  readonly #onValue: (value: Uint8Array | null | undefined) => void;
  readonly #stopped = new AbortController();
  #stream: NoteStream;
  #reading: Promise<void>;

  private constructor(first: NoteStream, open: () => Promise<NoteStream>, onValue: (value: Uint8Array | null | undefined) => void) {
    this.#open = open;
    this.#onValue = onValue;
    this.#stream = first;
    this.#reading = this.#read();
  }

  /** Resolves when it listens. Throws what `open` throws the first time. */
  static async open(open: () => Promise<NoteStream>, onValue: (value: Uint8Array | null | undefined) => void): Promise<NoteEar> {
    return new NoteEar(await open(), open, onValue);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#stream.close().catch(() => {});
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        for await (const { value } of this.#stream.messages) this.#onValue(value);
      } catch {
        // Closed, or dead: the next one goes on.
      }
      if (signal.aborted) return;
      await this.#stream.close().catch(() => {});
      await this.#reopen();
    }
  }

  async #reopen(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await sleep(REOPEN_DELAY_MS, undefined, { signal }).catch(() => {});
      const next = signal.aborted ? null : await this.#open().catch(() => null);
      if (next === null) continue;
      this.#stream = next;
      if (signal.aborted) await next.close().catch(() => {});
      return;
    }
  }
}
