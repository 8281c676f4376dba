import type { SceneEvent } from '../../model/event.ts';
import { checkLimit, decodeCursor, encodeCursor } from '../../ports/cursor.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { Database } from './database.ts';
import { parseRow } from './parse-row.ts';

/** Keeps the first of events with one id, so here a repeat is not seen again. */
export class SqliteEventLog implements EventLog {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async append(events: readonly SceneEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.#db.write(() => {
      for (const event of events) this.#db.sql('INSERT INTO event (id, body) VALUES (?, ?) ON CONFLICT DO NOTHING').run(event.id, JSON.stringify(event));
    });
  }

  async read(cursor: string | null, limit: number): Promise<{ events: readonly SceneEvent[]; cursor: string | null }> {
    checkLimit(limit);
    const [after] = decodeCursor('events', cursor, [0]) ?? [0];
    const rows = this.#db.read(() => this.#db.sql('SELECT seq, body FROM event WHERE seq > ? ORDER BY seq LIMIT ?').all(after, limit));
    const last = rows.at(-1);
    return { events: rows.map((row) => parseRow(`event ${row.seq}`, row.body)), cursor: last ? encodeCursor('events', [Number(last.seq)]) : cursor };
  }
}
