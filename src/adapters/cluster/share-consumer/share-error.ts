/**
 * `lost`: the lock is no longer ours; what the record stands for belongs to somebody else.
 * `refused`: the broker will not have it, and repeating does not help.
 * `trouble`: something failed and is being repeated.
 * `closed`: the consumer was closed.
 */
export type ShareErrorKind = 'lost' | 'refused' | 'trouble' | 'closed';

export class ShareError extends Error {
  readonly kind: ShareErrorKind;
  /** Error code of Kafka's protocol, where there was one. */
  readonly code: number | null;

  constructor(kind: ShareErrorKind, message: string, options: { code?: number | null; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'ShareError';
    this.kind = kind;
    this.code = options.code ?? null;
  }
}
