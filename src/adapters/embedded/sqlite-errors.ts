import { ScenelineError } from '../../model/errors.ts';

/** Primary result codes, https://www.sqlite.org/rescode.html */
const PERM = 3;
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const AUTH = 23;
const NOTADB = 26;
/** Extended code: the shared-memory file could not be grown, which on a full disk comes before SQLITE_FULL. */
const IOERR_SHMSIZE = IOERR | (19 << 8);

function extendedCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode;
}

/** True where waiting and trying again is right. */
export function isBusy(error: unknown): boolean {
  const code = extendedCode(error);
  return code !== null && [BUSY, LOCKED].includes(code & 0xff);
}

/**
 * What a person can act on, from what `node:sqlite` threw: SL-110 (no room), SL-106 (not writable, or locked for too long), SL-906 (damaged).
 * Anything else comes back as it is.
 */
export function explainSqliteError(error: unknown, path: string): unknown {
  const code = extendedCode(error);
  if (code === null) return error;
  const options = { cause: error };
  const primary = code & 0xff;
  if (primary === FULL || code === IOERR_SHMSIZE) return new ScenelineError('SL-110', `No room left for the state database ${path}.`, options);
  if ([PERM, READONLY, CANTOPEN, AUTH].includes(primary)) {
    return new ScenelineError('SL-106', `The state database ${path} cannot be opened for writing.`, options);
  }
  if ([BUSY, LOCKED].includes(primary)) {
    return new ScenelineError('SL-106', `The state database ${path} stayed locked by another program.`, options);
  }
  if ([CORRUPT, NOTADB].includes(primary)) return new ScenelineError('SL-906', `The state database ${path} is damaged.`, options);
  return error;
}
