/** Reading of untrusted JSON: every getter gives a sane value or a default, and never throws. */
export type JsonObject = { readonly [key: string]: unknown };

const MAX_TEXT = 200;

export function objectAt(parent: JsonObject, key: string): JsonObject {
  return asObject(parent[key]) ?? {};
}

export function asObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** The objects of an array, at most `limit`. */
export function objectsAt(parent: JsonObject, key: string, limit: number): readonly JsonObject[] {
  const list = parent[key];
  if (!Array.isArray(list)) return [];
  return list.slice(0, limit).flatMap((item) => {
    const object = asObject(item);
    return object ? [object] : [];
  });
}

/** Text without control characters, at most 200 characters. */
export function textAt(parent: JsonObject, key: string): string {
  const value = parent[key];
  if (typeof value !== 'string') return '';
  return value
    .slice(0, MAX_TEXT * 4)
    .replace(/\p{Cc}|\p{Cf}|\p{Cs}/gu, '')
    .trim()
    .slice(0, MAX_TEXT);
}

/** A finite number, given as such or as decimal text. */
export function numberAt(parent: JsonObject, key: string): number | null {
  const value = parent[key];
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || !/^[+-]?\d{1,20}(\.\d{1,20})?$/.test(value)) return null;
  return Number(value);
}

export function integerAt(parent: JsonObject, key: string): number | null {
  const value = numberAt(parent, key);
  return value !== null && Number.isSafeInteger(value) ? value : null;
}

/** `a/b` or `a:b` of integers with a non-zero `b`. */
export function ratioAt(parent: JsonObject, key: string): { num: number; den: number } | null {
  const match = typeof parent[key] === 'string' ? /^(\d{1,10})[/:](\d{1,10})$/.exec(parent[key]) : null;
  if (!match) return null;
  const [num, den] = [Number(match[1]), Number(match[2])];
  return den === 0 ? null : { num, den };
}
