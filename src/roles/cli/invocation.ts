/** What every command gets besides its own arguments. */
export type Invocation = {
  readonly env: NodeJS.ProcessEnv;
  /** Aborts on the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  readonly setStatus: (code: number) => void;
};

/** The first Ctrl-C asks politely, the second one ends the process; media processes never outlive it. */
export class Interrupt {
  #controller = new AbortController();
  #onSignal = () => {
    if (this.#controller.signal.aborted) process.exit(130);
    this.#controller.abort(new Error('interrupted'));
  };

  constructor() {
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  dispose(): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }
}
