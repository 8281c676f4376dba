import type { SceneEvent } from '../../model/event.ts';
import { LIVE_STATES, TITLE_STATES, type Title, type TitleState } from '../../model/title.ts';
import { checkLimit, decodeCursor, encodeCursor, pageOf } from '../../ports/cursor.ts';
import type { TitleStore } from '../../ports/title-store.ts';
import type { Database } from './database.ts';
import { parseRow } from './parse-row.ts';

type TitleRow = { readonly id: string; readonly created_ms: number; readonly body: string };
type TitlePage = { titles: readonly Title[]; cursor: string | null };

/** Above every cursor: the start of a descending list. */
const LAST = { createdMs: Number.MAX_SAFE_INTEGER, id: '' };

export class SqliteTitleStore implements TitleStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async create(title: Title, events: readonly SceneEvent[]): Promise<boolean> {
    return this.#db.write(() => {
      const done = this.#db
        .sql(
          'INSERT INTO title (id, created_ms, day, state, live, rev, body) VALUES (:id, :createdMs, :day, :state, :live, :rev, :body) ON CONFLICT DO NOTHING',
        )
        .run(rowOf(title));
      if (done.changes === 0) return false;
      this.#queueEvents(events);
      return true;
    });
  }

  async get(titleId: string): Promise<Title | null> {
    const row = this.#db.read(() => this.#db.sql('SELECT body FROM title WHERE id = ?').get(titleId));
    return row ? titleOf(titleId, row.body) : null;
  }

  async update(expectedRev: number, title: Title, events: readonly SceneEvent[]): Promise<boolean> {
    if (title.rev <= expectedRev) throw new RangeError(`rev ${title.rev} does not grow from ${expectedRev}`);
    return this.#db.write(() => {
      const done = this.#db
        .sql(
          'UPDATE title SET created_ms = :createdMs, day = :day, state = :state, live = :live, rev = :rev, body = :body WHERE id = :id AND rev = :expectedRev',
        )
        .run({ ...rowOf(title), expectedRev });
      if (done.changes === 0) return false;
      this.#queueEvents(events);
      return true;
    });
  }

  async listByDay(day: string, state: TitleState | null, cursor: string | null, limit: number): Promise<TitlePage> {
    checkLimit(limit);
    const [createdMs, id] = decodeCursor('day', cursor, [0, '']) ?? [LAST.createdMs, LAST.id];
    const oneState = state === null ? '' : 'AND state = :state';
    const rows = this.#select(
      `SELECT id, created_ms, body FROM title WHERE day = :day ${oneState} AND (created_ms, id) < (:createdMs, :id) ORDER BY created_ms DESC, id DESC LIMIT :limit`,
      { day, createdMs, id, limit: limit + 1, ...(state === null ? {} : { state }) },
    );
    return titlePage(rows, limit, (last) => encodeCursor('day', [last.created_ms, last.id]));
  }

  async listDays(cursor: string | null, limit: number): Promise<{ days: readonly string[]; cursor: string | null }> {
    checkLimit(limit);
    const [before] = decodeCursor('days', cursor, ['']) ?? ['~'];
    const days: string[] = [];
    this.#db.read(() => {
      for (let day: string | null = before; days.length <= limit; days.push(day)) {
        day = (this.#db.sql('SELECT max(day) AS day FROM title WHERE day < ?').get(day)?.day as string | null) ?? null;
        if (day === null) break;
      }
    });
    const page = pageOf(
      days,
      limit,
      (day) => day,
      (last) => encodeCursor('days', [last]),
    );
    return { days: page.items, cursor: page.cursor };
  }

  async listByPrefix(prefix: string, cursor: string | null, limit: number): Promise<TitlePage> {
    checkLimit(limit);
    const [after] = decodeCursor('prefix', cursor, ['']) ?? [''];
    const rows = this.#select(
      'SELECT id, created_ms, body FROM title WHERE id >= :prefix AND id < :prefix || char(0x10ffff) AND id > :after ORDER BY id LIMIT :limit',
      { prefix, after, limit: limit + 1 },
    );
    return titlePage(rows, limit, (last) => encodeCursor('prefix', [last.id]));
  }

  async listLive(cursor: string | null, limit: number): Promise<TitlePage> {
    checkLimit(limit);
    const [after] = decodeCursor('live', cursor, ['']) ?? [''];
    const rows = this.#select('SELECT id, created_ms, body FROM title WHERE live = 1 AND id > :after ORDER BY id LIMIT :limit', { after, limit: limit + 1 });
    return titlePage(rows, limit, (last) => encodeCursor('live', [last.id]));
  }

  async pendingEvents(limit: number): Promise<readonly SceneEvent[]> {
    checkLimit(limit);
    const rows = this.#db.read(() => this.#db.sql('SELECT id, body FROM outbox ORDER BY seq LIMIT ?').all(limit));
    return rows.map((row) => parseRow(`event ${row.id}`, row.body));
  }

  async settleEvents(eventIds: readonly string[]): Promise<void> {
    if (eventIds.length === 0) return;
    await this.#db.write(() => {
      for (const id of eventIds) this.#db.sql('DELETE FROM outbox WHERE id = ?').run(id);
    });
  }

  #queueEvents(events: readonly SceneEvent[]): void {
    for (const event of events) this.#db.sql('INSERT INTO outbox (id, body) VALUES (?, ?) ON CONFLICT DO NOTHING').run(event.id, JSON.stringify(event));
  }

  #select(text: string, values: { readonly [name: string]: string | number }): readonly TitleRow[] {
    return this.#db.read(() => this.#db.sql(text).all(values)) as unknown as readonly TitleRow[];
  }
}

function rowOf(title: Title) {
  return {
    id: title.id,
    createdMs: title.createdMs,
    day: new Date(title.createdMs).toISOString().slice(0, 10),
    state: title.state,
    live: LIVE_STATES.includes(title.state) ? 1 : 0,
    rev: title.rev,
    body: JSON.stringify(title),
  };
}

function titleOf(id: string, body: unknown): Title {
  return parseRow<Title>(`title ${id}`, body, (title) => {
    const numbers = [title.createdMs, title.rev];
    const objects = [title.order?.seal, title.order?.ladder, title.progress];
    const isKnown = title.id === id && TITLE_STATES.includes(title.state) && typeof title.revision === 'string';
    return (
      isKnown && numbers.every(Number.isSafeInteger) && objects.every((part) => part !== null && typeof part === 'object') && Array.isArray(title.findings)
    );
  });
}

function titlePage(rows: readonly TitleRow[], limit: number, toCursor: (last: TitleRow) => string): TitlePage {
  const page = pageOf(rows, limit, (row) => titleOf(row.id, row.body), toCursor);
  return { titles: page.items, cursor: page.cursor };
}
