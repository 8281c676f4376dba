/** Bytes `[start, endExclusive)` of a file. */
export type FileRange = { readonly start: number; readonly endExclusive: number };
