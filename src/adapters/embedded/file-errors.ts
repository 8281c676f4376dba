import { ScenelineError } from '../../model/errors.ts';

/** EFBIG is the limit an operator set on the size of files: no room either. */
const NO_ROOM = ['ENOSPC', 'EDQUOT', 'EFBIG'];
const NOT_WRITABLE = ['EROFS', 'EACCES', 'EPERM'];

/** The `code` of a system error, or null. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** SL-110 for no room, SL-106 for a folder that may not be written; anything else comes back as it is. */
export function explainFileError(error: unknown, folder: string): unknown {
  const code = errorCode(error);
  if (code === null) return error;
  if (NO_ROOM.includes(code)) return new ScenelineError('SL-110', `No room left in ${folder} (${code}).`, { cause: error });
  if (NOT_WRITABLE.includes(code)) return new ScenelineError('SL-106', `The folder ${folder} cannot be written (${code}).`, { cause: error });
  return error;
}

const REASONS: { readonly [errno: string]: string } = {
  ENOTDIR: 'a file is where a folder has to be',
  EEXIST: 'a file, or a link that leads nowhere, is where a folder has to be',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links lead in a circle',
};

/** As `explainFileError`, of making a folder: whatever the system says against that is SL-106. */
export function explainFolderError(error: unknown, folder: string): unknown {
  const explained = explainFileError(error, folder);
  const code = errorCode(explained);
  if (explained instanceof ScenelineError || code === null) return explained;
  return new ScenelineError('SL-106', `The folder ${folder} cannot be made: ${REASONS[code] ?? code}.`, { cause: error });
}
