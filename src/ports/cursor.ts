import { ScenelineError } from '../model/errors.ts';

export type CursorPart = string | number;

/** The place after the last row of a page, as text that callers only hand back. `list` names the listing it belongs to. */
export function encodeCursor(list: string, place: readonly CursorPart[]): string {
  return Buffer.from(JSON.stringify([list, ...place])).toString('base64url');
}

/** The place, or null at the start. Throws SL-101 for anything that `encodeCursor` did not make for this listing: `shape` is one sample value per part. */
export function decodeCursor<const T extends readonly CursorPart[]>(
  list: string,
  cursor: string | null,
  shape: T,
): { -readonly [K in keyof T]: T[K] extends number ? number : string } | null {
  if (cursor === null) return null;
  const parts = parse(cursor);
  const fits =
    Array.isArray(parts) && parts.length === shape.length + 1 && parts[0] === list && shape.every((sample, i) => typeof parts[i + 1] === typeof sample);
  if (!fits) throw new ScenelineError('SL-101', 'That cursor does not belong to this list; start again without one.');
  return parts.slice(1) as { -readonly [K in keyof T]: T[K] extends number ? number : string };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null;
  }
}

/** `limit` rows and the cursor after them, from a query that asked for one row more. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  toCursor: (last: Row) => string,
): { items: readonly Item[]; cursor: string | null } {
  const page = rows.slice(0, limit);
  return { items: page.map(toItem), cursor: rows.length > limit ? toCursor(page[limit - 1]) : null };
}

/** Throws a RangeError unless a page size is a whole number from 1. */
export function checkLimit(limit: number): void {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`a page has at least one row, not ${limit}`);
}
