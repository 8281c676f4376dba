/**
 * Immutable objects. Keys are one to four parts of `[a-z0-9.-]{1,100}` joined by `/`; a part never starts with a dot.
 * What `put` acknowledged survives a power cut; an object is there whole or not at all.
 */
export interface BlobStore {
  /** Create-only from memory. An existing key is left as it is and its facts are returned. */
  put(key: string, bytes: Uint8Array): Promise<BlobFacts>;
  /** Create-only from a local file, which may be moved away by this. */
  putFile(key: string, path: string): Promise<BlobFacts>;
  /** Null: no such object. */
  stat(key: string): Promise<BlobFacts | null>;
  /** Bytes `[start, endExclusive)`; the whole object without a range. Throws SL-905 when missing or short. */
  read(key: string, range?: { start: number; endExclusive: number }): Promise<Uint8Array>;
  /** A local path to read from until `release`. */
  openLocal(key: string): Promise<{ path: string; release(): Promise<void> }>;
  /** Missing is no error. */
  delete(key: string): Promise<void>;
  /** Keys that start with the prefix, ascending. */
  list(prefix: string, cursor: string | null, limit: number): Promise<{ keys: readonly string[]; cursor: string | null }>;
}

export type BlobFacts = { readonly sizeBytes: number; readonly sha256: string; readonly writtenMs: number };
