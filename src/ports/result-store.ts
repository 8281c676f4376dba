import type { EncodedChunk } from '../model/encoded-chunk.ts';

/** Proven encoded chunks by content address. Look-ups see proven results only; addresses belong to one owner. */
export interface ResultStore {
  lookup(owner: string, address: string): Promise<EncodedChunk | null>;
  /** Create-only: returns the recorded result, ours or the one that was first. */
  record(owner: string, result: EncodedChunk): Promise<EncodedChunk>;
  /** A result found bad later: the address may be filled again. Only that very object is revoked. */
  revoke(owner: string, address: string, objectKey: string): Promise<void>;
  /** Ascending by address. */
  list(owner: string, cursor: string | null, limit: number): Promise<{ results: readonly EncodedChunk[]; cursor: string | null }>;
}
