import type { EncodedChunk } from '../../model/encoded-chunk.ts';
import { checkLimit, decodeCursor, encodeCursor, pageOf } from '../../ports/cursor.ts';
import type { ResultStore } from '../../ports/result-store.ts';
import type { Database } from './database.ts';
import { parseRow } from './parse-row.ts';

export class SqliteResultStore implements ResultStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async lookup(owner: string, address: string): Promise<EncodedChunk | null> {
    return this.#db.read(() => this.#find(owner, address));
  }

  async record(owner: string, result: EncodedChunk): Promise<EncodedChunk> {
    return this.#db.write(() => {
      const first = this.#find(owner, result.address);
      if (first) return first;
      this.#db
        .sql('INSERT INTO result (owner, address, object_key, body) VALUES (?, ?, ?, ?)')
        .run(owner, result.address, result.objectKey, JSON.stringify(result));
      return result;
    });
  }

  async revoke(owner: string, address: string, objectKey: string): Promise<void> {
    await this.#db.write(() => this.#db.sql('DELETE FROM result WHERE owner = ? AND address = ? AND object_key = ?').run(owner, address, objectKey));
  }

  async list(owner: string, cursor: string | null, limit: number): Promise<{ results: readonly EncodedChunk[]; cursor: string | null }> {
    checkLimit(limit);
    const [after] = decodeCursor('results', cursor, ['']) ?? [''];
    const rows = this.#db.read(() =>
      this.#db.sql('SELECT address, body FROM result WHERE owner = ? AND address > ? ORDER BY address LIMIT ?').all(owner, after, limit + 1),
    ) as unknown as readonly { address: string; body: string }[];
    const page = pageOf(
      rows,
      limit,
      (row) => parseRow<EncodedChunk>(`result ${row.address}`, row.body),
      (last) => encodeCursor('results', [last.address]),
    );
    return { results: page.items, cursor: page.cursor };
  }

  #find(owner: string, address: string): EncodedChunk | null {
    const row = this.#db.sql('SELECT body FROM result WHERE owner = ? AND address = ?').get(owner, address);
    return row ? parseRow(`result ${address}`, row.body) : null;
  }
}
