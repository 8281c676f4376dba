import type { SceneEvent } from '../../../model/event.ts';
import { shardOf } from './byte-order.ts';
import { inParallel } from './in-parallel.ts';
import { loadJson } from './long-text.ts';
import { OpenDays, serverTime } from './open-days.ts';
import type { CassandraSession, Row } from './session.ts';

const SHARDS = 4;
const SLOTS = 24 * SHARDS;
const HOUR_MS = 3_600_000;
/** So long after its hour a slot gets no more rows, and is not read again once all its events are settled. */
const QUIET_AFTER_MS = 2 * HOUR_MS;
/** A change that took longer than this from its note to its transaction notes itself again. */
const NOTE_AGAIN_MS = HOUR_MS / 2;
const WIDTH = 16;

type Note = { readonly titleId: string; readonly atRev: number; readonly atMs: number };
type Place = { readonly title_id: string; readonly at_rev: number; readonly n: number };

/**
 * Events that were written with titles and are not announced yet. The events are rows of the title's own partition. So that they are found without
 * asking every title, a change that has events first notes title and `rev` under the hour and a shard: a note without its change is looked at in
 * vain until a later change of that title, a change without its note cannot be.
 */
export class TitleOutbox {
  readonly #session: CassandraSession;
  readonly #days: OpenDays;
  /** Slots that are over, and notes whose events are all settled: neither changes again. */
  readonly #quietSlots = new Set<string>();
  readonly #settledNotes = new Map<string, Set<string>>();
  readonly #places = new Map<string, Place>();

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#days = new OpenDays(session, 'events');
  }

  /** Carries out a change with its note before it. */
  async withNote(titleId: string, atRev: number, change: () => Promise<boolean>): Promise<boolean> {
    const startMs = this.#session.clock.nowMs();
    await this.#note(titleId, atRev);
    const isMade = await change();
    if (isMade && this.#session.clock.nowMs() - startMs > NOTE_AGAIN_MS) await this.#note(titleId, atRev);
    return isMade;
  }

  /** Oldest first. */
  async pending(limit: number): Promise<SceneEvent[]> {
    const notes = (await this.#openNotes()).sort((a, b) => a.atMs - b.atMs || a.atRev - b.atRev);
    const events: SceneEvent[] = [];
    for (let at = 0; at < notes.length && events.length < limit; at += WIDTH) {
      const groups = await inParallel(notes.slice(at, at + WIDTH), WIDTH, (note) => this.#eventsOf(note));
      events.push(...groups.flat());
    }
    return events.slice(0, limit);
  }

  /** Ids that are not known are no error. */
  async settle(eventIds: readonly string[]): Promise<void> {
    if (eventIds.some((id) => !this.#places.has(id))) await this.pending(Number.MAX_SAFE_INTEGER);
    const places = eventIds.flatMap((id) => this.#places.get(id) ?? []);
    const where = 'WHERE title_id = :title_id AND at_rev = :at_rev AND n = :n';
    await inParallel(places, WIDTH, (place) =>
      this.#session.lwt({
        query: `UPDATE title SET settled = true, settle_id = :writeId ${where} IF settled = false`,
        values: place,
        find: { query: `SELECT settle_id FROM title ${where}`, values: place },
        isOurs: (row, writeId) => row?.settle_id === writeId,
      }),
    );
    for (const id of eventIds) this.#places.delete(id);
  }

  async #note(titleId: string, atRev: number): Promise<void> {
    const { nowMs, day, hour } = await serverTime(this.#session);
    await this.#days.open(day);
    const slot = hour * SHARDS + shardOf(titleId, SHARDS);
    await this.#session.write('INSERT INTO title_event (day, slot, title_id, at_rev, at_ms) VALUES (:day, :slot, :titleId, :atRev, :nowMs)', {
      day,
      slot,
      titleId,
      atRev,
      nowMs,
    });
  }

  /** Notes that may have events left. */
  async #openNotes(): Promise<Note[]> {
    const { nowMs } = await serverTime(this.#session);
    const days = await this.#days.list('');
    const slots = days.flatMap((day) =>
      Array.from({ length: SLOTS }, (_, slot) => ({ day, slot, startMs: Date.parse(day) + Math.floor(slot / SHARDS) * HOUR_MS })),
    );
    const open = slots.filter(({ day, slot, startMs }) => !this.#quietSlots.has(`${day} ${slot}`) && startMs < nowMs + HOUR_MS);
    const notes = await inParallel(open, WIDTH, async ({ day, slot, startMs }) => {
      const rows = await this.#session.read('SELECT title_id, at_rev, at_ms FROM title_event WHERE day = :day AND slot = :slot', { day, slot });
      const settled = this.#settledNotes.get(`${day} ${slot}`) ?? new Set();
      this.#settledNotes.set(`${day} ${slot}`, settled);
      const left: Note[] = [];
      for (const row of rows) if (!settled.has(noteName(row))) left.push({ titleId: row.title_id, atRev: row.at_rev, atMs: row.at_ms });
      const isOver = startMs + HOUR_MS + QUIET_AFTER_MS < nowMs;
      const waiting = isOver || left.length > 0 ? await this.#stillOpen(left, settled, isOver) : left;
      if (isOver && waiting.length === 0) {
        this.#quietSlots.add(`${day} ${slot}`);
        this.#settledNotes.delete(`${day} ${slot}`);
      }
      return waiting;
    });
    for (const day of days) {
      const isQuiet = Array.from({ length: SLOTS }, (_, slot) => slot).every((slot) => this.#quietSlots.has(`${day} ${slot}`));
      if (isQuiet) await this.#days.close(day, nowMs);
    }
    return notes.flat();
  }

  /** Of these notes, those with events left; the others are remembered. A note whose change never came holds up nothing once its hour is long over. */
  async #stillOpen(notes: readonly Note[], settled: Set<string>, isOver: boolean): Promise<Note[]> {
    const states = await inParallel(notes, WIDTH, async ({ titleId, atRev }) => {
      const rows = await this.#rowsOf(titleId, atRev);
      if (rows.some((row) => typeof row.n === 'number' && !row.settled)) return 'pending';
      return rows.length > 0 && rows[0].rev >= atRev ? 'settled' : 'unwritten';
    });
    return notes.filter((note, i) => {
      if (states[i] === 'settled') settled.add(noteName({ title_id: note.titleId, at_rev: note.atRev }));
      return states[i] === 'pending' || (states[i] === 'unwritten' && !isOver);
    });
  }

  async #eventsOf({ titleId, atRev }: Note): Promise<SceneEvent[]> {
    const rows = (await this.#rowsOf(titleId, atRev)).filter((row) => typeof row.n === 'number' && !row.settled);
    for (const row of rows) this.#places.set(row.event_id, { title_id: titleId, at_rev: atRev, n: row.n });
    return Promise.all(rows.map((row) => loadJson<SceneEvent>(this.#session, row.event)));
  }

  /** Rows of the events of a change; where there are none, what the title's head says. */
  async #rowsOf(titleId: string, atRev: number): Promise<Row[]> {
    const values = { titleId, atRev };
    const events = () => this.#session.read('SELECT rev, n, event_id, event, settled FROM title WHERE title_id = :titleId AND at_rev = :atRev', values);
    const rows = await events();
    if (rows.length > 0) return rows;
    const head = await this.#session.read('SELECT DISTINCT title_id, rev FROM title WHERE title_id = :titleId', { titleId });
    if (head.length === 0 || head[0].rev < atRev) return head;
    // The change may have come between the two looks: taken for one without events, it would never be told of.
    const late = await events();
    return late.length > 0 ? late : head;
  }
}

function noteName(row: Row): string {
  return `${row.at_rev} ${row.title_id}`;
}
