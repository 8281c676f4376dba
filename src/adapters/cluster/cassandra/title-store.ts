import type { SceneEvent } from '../../../model/event.ts';
import { LIVE_STATES, type Title, type TitleState } from '../../../model/title.ts';
import { checkLimit, decodeCursor, encodeCursor } from '../../../ports/cursor.ts';
import type { TitleStore } from '../../../ports/title-store.ts';
import { compareText, shardOf } from './byte-order.ts';
import { inParallel } from './in-parallel.ts';
import { loadJson, storeJson } from './long-text.ts';
import { dayOf, OpenDays, serverTime } from './open-days.ts';
import type { CassandraSession, Row, Values } from './session.ts';
import { TitleOutbox } from './title-outbox.ts';

type TitlePage = { titles: readonly Title[]; cursor: string | null };
/** A row of a list, which may name a title that was never made or looks otherwise by now: the title's own row is the truth. */
type Listed = { readonly titleId: string; readonly createdMs: number };

const SHARDS = 4;
const WIDTH = 16;
/** Above every time and every id: the start of a descending list. */
const LAST = [Number.MAX_SAFE_INTEGER, '\u{10ffff}'] as const;
const HEAD = 'SELECT DISTINCT title_id, rev, state, live_day, body, write_id, create_id FROM title WHERE title_id = :id';

/**
 * Titles, one partition each, changed by transactions on their `rev`. The lists (by day, by name, live ones) are plain rows written *before* the
 * title, so a crash leaves at worst a list row without a title, which readers pass over. A title's `createdMs` never changes.
 */
export class CassandraTitleStore implements TitleStore {
  readonly #session: CassandraSession;
  readonly #outbox: TitleOutbox;
  readonly #liveDays: OpenDays;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#outbox = new TitleOutbox(session);
    this.#liveDays = new OpenDays(session, 'live');
  }

  async create(title: Title, events: readonly SceneEvent[]): Promise<boolean> {
    const day = dayOf(title.createdMs);
    const shard = shardOf(title.id, SHARDS);
    const write = (query: string, values: Values) => this.#session.write(query, values);
    await Promise.all([
      write('INSERT INTO title_by_day (day, shard, created_ms, title_id) VALUES (:day, :shard, :createdMs, :id)', {
        day,
        shard,
        createdMs: title.createdMs,
        id: title.id,
      }),
      write('INSERT INTO title_day (all_days, day) VALUES (0, :day)', { day }),
      write('INSERT INTO title_name (shard, title_id) VALUES (:shard, :id)', { shard, id: title.id }),
    ]);
    const columns = '(title_id, rev, state, created_ms, live_day, body, write_id, create_id)';
    return this.#change(title, events, {
      liveDay: await this.#liveDay(title, null),
      head: `INSERT INTO title ${columns} VALUES (:id, :rev, :state, :createdMs, :liveDay, :body, :writeId, :writeId) IF NOT EXISTS`,
      values: { createdMs: title.createdMs },
      isOurs: (row, writeId) => row?.create_id === writeId,
    });
  }

  async get(titleId: string): Promise<Title | null> {
    const row = await this.#head(titleId);
    return row ? loadJson(this.#session, row.body) : null;
  }

  async update(expectedRev: number, title: Title, events: readonly SceneEvent[]): Promise<boolean> {
    if (title.rev <= expectedRev) throw new RangeError(`rev ${title.rev} does not grow from ${expectedRev}`);
    const before = await this.#head(title.id);
    if (!before) return false;
    return this.#change(title, events, {
      liveDay: await this.#liveDay(title, before),
      head: 'UPDATE title SET rev = :rev, state = :state, live_day = :liveDay, body = :body, write_id = :writeId WHERE title_id = :id IF rev = :expectedRev',
      values: { expectedRev },
      isOurs: (row, writeId) => row?.write_id === writeId,
    });
  }

  async listByDay(day: string, state: TitleState | null, cursor: string | null, limit: number): Promise<TitlePage> {
    checkLimit(limit);
    const after = decodeCursor('day', cursor, [0, '']) ?? [...LAST];
    const query = `SELECT created_ms, title_id FROM title_by_day WHERE day = :day AND shard = :shard AND (created_ms, title_id) < (:createdMs, :titleId) LIMIT ${limit + 1}`;
    const next = async (behind: Listed) => {
      const shards = await inParallel(SHARD_NUMBERS, SHARDS, (shard) => this.#session.read(query, { day, shard, ...behind }));
      const rows = shards.flat().map((row): Listed => ({ titleId: row.title_id, createdMs: row.created_ms }));
      return rows.sort((a, b) => b.createdMs - a.createdMs || compareText(b.titleId, a.titleId)).slice(0, limit + 1);
    };
    const isWanted = (title: Title, listed: Listed) => title.createdMs === listed.createdMs && (state === null || title.state === state);
    const found = await this.#fill(next, { createdMs: after[0], titleId: after[1] }, limit, isWanted);
    return pageOfTitles(found, limit, (last) => encodeCursor('day', [last.createdMs, last.id]));
  }

  async listDays(cursor: string | null, limit: number): Promise<{ days: readonly string[]; cursor: string | null }> {
    checkLimit(limit);
    let [before] = decodeCursor('days', cursor, ['']) ?? ['~'];
    const days: string[] = [];
    for (let isMore = true; isMore && days.length <= limit; ) {
      const rows = await this.#session.read(`SELECT day FROM title_day WHERE all_days = 0 AND day < :before LIMIT ${limit + 1}`, { before });
      isMore = rows.length > limit;
      if (rows.length > 0) before = rows[rows.length - 1].day;
      const isUsed = await inParallel(rows, WIDTH, async (row) => (await this.listByDay(row.day, null, null, 1)).titles.length > 0);
      days.push(...rows.filter((_, i) => isUsed[i]).map((row) => row.day));
    }
    const page = days.slice(0, limit);
    return { days: page, cursor: days.length > limit ? encodeCursor('days', [page[limit - 1]]) : null };
  }

  async listByPrefix(prefix: string, cursor: string | null, limit: number): Promise<TitlePage> {
    checkLimit(limit);
    const [after] = decodeCursor('prefix', cursor, ['']) ?? [''];
    const isCursor = compareText(after, prefix) >= 0 && cursor !== null;
    const query = (sign: string) => `SELECT title_id FROM title_name WHERE shard = :shard AND title_id ${sign} :start AND title_id < :last LIMIT ${limit + 1}`;
    let isFirst = !isCursor;
    const next = async (behind: Listed) => {
      const text = query(isFirst ? '>=' : '>');
      isFirst = false;
      const values = { start: behind.titleId, last: `${prefix}\u{10ffff}` };
      const shards = await inParallel(SHARD_NUMBERS, SHARDS, (shard) => this.#session.read(text, { shard, ...values }));
      const rows = shards.flat().map((row): Listed => ({ titleId: row.title_id, createdMs: 0 }));
      return rows.sort((a, b) => compareText(a.titleId, b.titleId)).slice(0, limit + 1);
    };
    const found = await this.#fill(next, { titleId: isCursor ? after : prefix, createdMs: 0 }, limit, () => true);
    return pageOfTitles(found, limit, (last) => encodeCursor('prefix', [last.id]));
  }

  /** Looks at `limit` rows of the list at most, so that a page costs the same whatever has ended meanwhile: it may hold fewer titles though more follow. */
  async listLive(cursor: string | null, limit: number): Promise<TitlePage> {
    checkLimit(limit);
    const [fromDay, fromShard, fromId, fromLive] = decodeCursor('live', cursor, ['', 0, '', 0]) ?? ['', 0, '', 0];
    const { nowMs } = await serverTime(this.#session);
    const titles: Title[] = [];
    let left = limit;
    for (const day of await this.#liveDays.list(fromDay)) {
      let liveOfDay = day === fromDay ? fromLive : 0;
      for (const shard of SHARD_NUMBERS.slice(day === fromDay ? fromShard : 0)) {
        const after = day === fromDay && shard === fromShard ? fromId : '';
        const { ids, live } = await this.#liveIn(day, shard, after, left);
        titles.push(...live);
        liveOfDay += live.length;
        left -= ids.length;
        if (left === 0) return { titles, cursor: encodeCursor('live', [day, shard, ids[ids.length - 1], liveOfDay]) };
      }
      if (liveOfDay === 0) await this.#liveDays.close(day, nowMs);
    }
    return { titles, cursor: null };
  }

  async pendingEvents(limit: number): Promise<readonly SceneEvent[]> {
    checkLimit(limit);
    return this.#outbox.pending(limit);
  }

  async settleEvents(eventIds: readonly string[]): Promise<void> {
    if (eventIds.length > 0) await this.#outbox.settle(eventIds);
  }

  async #head(titleId: string): Promise<Row | null> {
    if (titleId === '') return null;
    return (await this.#session.read(HEAD, { id: titleId }))[0] ?? null;
  }

  /** Title and events in one transaction. */
  async #change(
    title: Title,
    events: readonly SceneEvent[],
    change: { head: string; liveDay: string; values: Values; isOurs: (row: Row | null, writeId: string) => boolean },
  ): Promise<boolean> {
    const values: { [name: string]: string | number } = { id: title.id, rev: title.rev, state: title.state, liveDay: change.liveDay };
    Object.assign(values, change.values, { body: await storeJson(this.#session, title) });
    const inserts = events.map(
      (_, n) => `INSERT INTO title (title_id, at_rev, n, event_id, event, settled) VALUES (:id, :rev, ${n}, :id${n}, :event${n}, false);`,
    );
    for (const [n, event] of events.entries()) Object.assign(values, { [`id${n}`]: event.id, [`event${n}`]: await storeJson(this.#session, event) });
    const query = events.length === 0 ? change.head : `BEGIN BATCH ${change.head}; ${inserts.join(' ')} APPLY BATCH`;
    const find = { query: HEAD, values: { id: title.id } };
    const decide = async () => (await this.#session.lwt({ query, values, find, isOurs: change.isOurs })).isApplied;
    return events.length === 0 ? decide() : this.#outbox.withNote(title.id, title.rev, decide);
  }

  /** The day under which a live title is listed, with its list row written; empty for one at an end. */
  async #liveDay(title: Title, before: Row | null): Promise<string> {
    if (!LIVE_STATES.includes(title.state)) return '';
    if (before && before.live_day !== '') return before.live_day;
    const { day } = await serverTime(this.#session);
    await this.#liveDays.open(day);
    const values = { day, shard: shardOf(title.id, SHARDS), id: title.id };
    await this.#session.write('INSERT INTO title_live (day, shard, title_id) VALUES (:day, :shard, :id)', values);
    return day;
  }

  /** The next ids of a part of a day, ascending, behind an id, and those of their titles that are live under that day. */
  async #liveIn(day: string, shard: number, after: string, count: number): Promise<{ ids: readonly string[]; live: readonly Title[] }> {
    const query = `SELECT title_id FROM title_live WHERE day = :day AND shard = :shard AND title_id > :after LIMIT ${count}`;
    const ids = (await this.#session.read(query, { day, shard, after })).map((row): string => row.title_id);
    const heads = await inParallel(ids, WIDTH, (titleId) => this.#head(titleId));
    const live = heads.flatMap((head) => (head?.live_day === day ? [head.body] : []));
    return { ids, live: await Promise.all(live.map((body) => loadJson<Title>(this.#session, body))) };
  }

  /** Titles behind a place of a list until there is one more than a page, passing over those not wanted. */
  async #fill(
    next: (behind: Listed) => Promise<Listed[]>,
    start: Listed,
    limit: number,
    isWanted: (title: Title, listed: Listed) => boolean,
  ): Promise<Title[]> {
    const found: Title[] = [];
    for (let behind = start; found.length <= limit; ) {
      const rows = await next(behind);
      const titles = await inParallel(rows, WIDTH, (row) => this.get(row.titleId));
      found.push(...titles.filter((title, i): title is Title => title !== null && isWanted(title, rows[i])));
      if (rows.length <= limit) break;
      behind = rows[rows.length - 1];
    }
    return found;
  }
}

const SHARD_NUMBERS = Array.from({ length: SHARDS }, (_, shard) => shard);

function pageOfTitles(found: readonly Title[], limit: number, toCursor: (last: Title) => string): TitlePage {
  const titles = found.slice(0, limit);
  return { titles, cursor: found.length > limit ? toCursor(titles[limit - 1]) : null };
}
