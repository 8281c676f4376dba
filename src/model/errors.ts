import { ERROR_CODES, type ErrorCode } from './error-codes.ts';
import type { Evidence } from './job.ts';

/** Every error that we raise on purpose: a code from the table, words for a person, and evidence where a tool was involved. */
export class ScenelineError extends Error {
  readonly code: ErrorCode;
  readonly evidence: Evidence | null;
  /** The message as lines of ours: a name in one of them may hold a line break, which is none. */
  readonly lines: readonly string[];

  /** @param options.details lines below the message */
  constructor(
    code: ErrorCode,
    sentence: string,
    options: { cause?: unknown; details?: readonly string[]; evidence?: Omit<Evidence, 'code' | 'message'> } = {},
  ) {
    const lines = [sentence, ...(options.details ?? [])];
    const message = lines.join('\n');
    super(message, { cause: options.cause });
    this.lines = lines;
    this.name = 'ScenelineError';
    this.code = code;
    this.evidence = options.evidence ? { code, message, ...options.evidence } : null;
  }

  get exitStatus(): number {
    return ERROR_CODES[this.code].exit;
  }
}

/** What the system says when there is no room; EFBIG is the limit an operator set on the size of files. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** SL-110 for a system error that means no room, with the path it names; anything else as it is. */
export function explainNoRoom(error: unknown): unknown {
  if (error instanceof ScenelineError || !(error instanceof Error) || !('code' in error) || !NO_ROOM.has(String(error.code))) return error;
  return new ScenelineError('SL-110', `No room left on the disk: ${error.message}.`, { cause: error });
}

/** Evidence for the job row, whatever was thrown. */
export function evidenceOf(error: unknown): Evidence {
  if (error instanceof ScenelineError) return error.evidence ?? { code: error.code, message: error.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'SL-901', message };
}
