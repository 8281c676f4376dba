import { decodeCursor, encodeCursor, pageOf } from './cursor.ts';

/** The key that a listing goes on behind; empty at its start. Throws SL-101 for what is no cursor of ours. */
export function lastKeyOf(cursor: string | null): string {
  return decodeCursor('blobs', cursor, [''])?.[0] ?? '';
}

/** The page of a listing that asked for one key more than `limit`. */
export function keyPage(found: readonly string[], limit: number): { keys: readonly string[]; cursor: string | null } {
  const page = pageOf(
    found,
    limit,
    (key) => key,
    (last) => encodeCursor('blobs', [last]),
  );
  return { keys: page.items, cursor: page.cursor };
}
