import type { Settlement, ShareRecord } from './messages.ts';
import { ShareError } from './share-error.ts';

/**
 * A record that is locked for us. The lock is renewed until one of `accept`, `release` and `reject` is called, or until it is lost.
 * Each of the three resolves when the broker has confirmed it, and throws a `lost` ShareError when the lock is gone:
 * what the record stands for then belongs to somebody else.
 */
export class HeldRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: ShareRecord['headers'];
  readonly offset: bigint;
  /** 1 for the first member that gets the record. */
  readonly deliveryCount: number;
  readonly #lost = new AbortController();
  readonly #decide: (settlement: Settlement) => void;
  #settlement: { readonly promise: Promise<void>; resolve(): void; reject(error: Error): void } | null = null;

  constructor({ key, value, headers, offset }: ShareRecord, deliveryCount: number, decide: (settlement: Settlement) => void) {
    this.key = key;
    this.value = value;
    this.headers = headers;
    this.offset = offset;
    this.deliveryCount = deliveryCount;
    this.#decide = decide;
  }

  /** Aborts, with a `lost` ShareError as its reason, when the lock is gone. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Done: nobody gets the record again. */
  accept(): Promise<void> {
    return this.#settle('accept');
  }

  /** Not done: the next poll of anybody gets it at once, counted as another delivery. */
  release(): Promise<void> {
    return this.#settle('release');
  }

  /** Never to be done: nobody gets the record again; it goes to the group's dead letters, if it has any. */
  reject(): Promise<void> {
    return this.#settle('reject');
  }

  /** For the consumer: the broker has confirmed the decision. */
  confirm(): void {
    this.#settlement?.resolve();
  }

  /** For the consumer: the lock is gone. */
  lose(error: ShareError): void {
    this.#lost.abort(error);
    this.#settlement?.reject(error);
  }

  async #settle(settlement: Settlement): Promise<void> {
    this.#lost.signal.throwIfAborted();
    if (this.#settlement) throw new ShareError('refused', `The record at offset ${this.offset} was already decided about.`);
    this.#settlement = Promise.withResolvers<void>();
    this.#decide(settlement);
    await this.#settlement.promise;
  }
}
