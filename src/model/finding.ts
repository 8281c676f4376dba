import type { ErrorCode } from './error-codes.ts';

/** `refuse` stops the title before any encode; `warn` is repaired or worked around; `info` is worth knowing. */
export type Severity = 'info' | 'warn' | 'refuse';

/** Where in the source: any part may be missing. Frames are presentation order, zero based. */
export type Place = {
  readonly streamIndex?: number;
  readonly startFrame?: number;
  readonly endFrameExclusive?: number;
  readonly startSeconds?: number;
  readonly endSeconds?: number;
};

/** One result of inspection, in words a person understands. */
export type Finding = {
  readonly code: ErrorCode;
  readonly severity: Severity;
  readonly place: Place;
  readonly message: string;
};
