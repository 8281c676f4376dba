import { ScenelineError } from '../../../model/errors.ts';

/** Next offset by partition; a partition that is not there is read from its start. */
export type EventPlace = ReadonlyMap<number, number>;

const LARGEST_CURSOR = 64 * 1024;

/** A place in a topic, as text that callers only hand back. Places of a topic that was made anew under the same name do not fit. */
export function encodeEventCursor(topicId: string, place: EventPlace): string {
  return Buffer.from(JSON.stringify(['events', topicId, ...[...place].sort(([a], [b]) => a - b)])).toString('base64url');
}

/** Throws SL-101 for anything that `encodeEventCursor` did not make for this topic. */
export function decodeEventCursor(topicId: string, cursor: string | null): EventPlace {
  if (cursor === null) return new Map();
  const [list, id, ...pairs] = parseArray(cursor);
  if (list === 'events' && id === topicId && pairs.every(isPair)) return new Map(pairs);
  throw new ScenelineError('SL-101', 'That cursor does not belong to this list; start again without one.');
}

function parseArray(cursor: string): unknown[] {
  if (cursor.length > LARGEST_CURSOR) return [];
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => Number.isSafeInteger(part) && part >= 0);
}
