import type { CassandraSession } from './session.ts';

const DAY_MS = 86_400_000;
/** A day is closed when nobody writes into it any more: writers take the day of a server's clock when they write. */
const CLOSABLE_AFTER_MS = 3 * DAY_MS;

export type ServerTime = { readonly nowMs: number; readonly day: string; readonly hour: number };

/** The time by a server's clock: ours decides nothing. */
export async function serverTime(session: CassandraSession): Promise<ServerTime> {
  const nowMs = await session.serverNowMs();
  return { nowMs, day: dayOf(nowMs), hour: new Date(nowMs).getUTCHours() };
}

/** `YYYY-MM-DD`, UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The days that hold something not yet over, for one purpose: a list that is walked often, and must not grow with the years. */
export class OpenDays {
  readonly #session: CassandraSession;
  readonly #purpose: string;
  readonly #known = new Set<string>();

  constructor(session: CassandraSession, purpose: 'live' | 'events') {
    this.#session = session;
    this.#purpose = purpose;
  }

  /** Before the first row of a day. */
  async open(day: string): Promise<void> {
    if (this.#known.has(day)) return;
    await this.#decide(day, 'INSERT INTO open_day (purpose, day, closed, write_id) VALUES (:purpose, :day, false, :writeId) IF NOT EXISTS');
    this.#known.add(day);
  }

  /** Ascending, from this one on. */
  async list(fromDay: string): Promise<string[]> {
    const query = 'SELECT day, closed FROM open_day WHERE purpose = :purpose AND day >= :fromDay';
    const rows = await this.#session.read(query, { purpose: this.#purpose, fromDay });
    return rows.filter((row) => !row.closed).map((row) => row.day);
  }

  /** Says that everything in a day is over. Days that may still be written into stay open. */
  async close(day: string, nowMs: number): Promise<void> {
    if (nowMs - Date.parse(day) < CLOSABLE_AFTER_MS) return;
    await this.#decide(day, 'UPDATE open_day SET closed = true, write_id = :writeId WHERE purpose = :purpose AND day = :day IF closed = false');
  }

  async #decide(day: string, query: string): Promise<void> {
    const values = { purpose: this.#purpose, day };
    const find = { query: 'SELECT write_id FROM open_day WHERE purpose = :purpose AND day = :day', values };
    await this.#session.lwt({ query, values, find, isOurs: (row, writeId) => row?.write_id === writeId });
  }
}
