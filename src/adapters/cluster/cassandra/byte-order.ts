/** Ascending as Cassandra orders text: by its UTF-8 bytes, which differs from JavaScript's order beyond U+D7FF. */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A number from 0 below `shards` that is the same for a text everywhere: FNV-1a over its UTF-8 bytes. */
export function shardOf(text: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % shards;
}
