/** What to send of a file of `sizeBytes`: all of it, `[start, endExclusive)`, or nothing because the range lies outside. */
export type RangeAnswer = { readonly status: 200 } | { readonly status: 206; readonly start: number; readonly endExclusive: number } | { readonly status: 416 };

/** A byte position of a header; longer ones are beyond every file. */
const POSITION = '\\d{1,300}';
const SINGLE = new RegExp(`^bytes=(${POSITION})?-(${POSITION})?$`);

/**
 * Reads a `Range` header (RFC 9110 section 14.2). Anything but a single byte range is ignored, as the standard allows, and the whole file is sent.
 * `If-Range` (section 13.1.5) that names another version has the same effect.
 */
export function rangeAnswer(range: string | undefined, sizeBytes: number, etag: string, ifRange: string | undefined): RangeAnswer {
  const match = range === undefined ? null : SINGLE.exec(range);
  if (!match || (match[1] === undefined && match[2] === undefined) || (ifRange !== undefined && ifRange !== etag)) return { status: 200 };
  if (match[1] === undefined) {
    const suffixBytes = Math.min(Number(match[2]), sizeBytes);
    return suffixBytes === 0 ? { status: 416 } : { status: 206, start: sizeBytes - suffixBytes, endExclusive: sizeBytes };
  }
  const start = Number(match[1]);
  const last = match[2] === undefined ? Number.POSITIVE_INFINITY : Number(match[2]);
  if (last < start) return { status: 200 };
  if (start >= sizeBytes) return { status: 416 };
  return { status: 206, start, endExclusive: Math.min(last, sizeBytes - 1) + 1 };
}
