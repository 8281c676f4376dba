import type { Turn } from '../../../ports/job-dispatch.ts';
import { Observations } from './observations.ts';
import type { CassandraSession, Row } from './session.ts';

/** A holder that was not seen to go on for so long, by the observer's own clock, is taken to be gone. */
const STANDSTILL_MS = 10_000;
const FIND = 'SELECT owner, beat, write_id FROM turn WHERE name = :name';

/** A row that names the holder and counts how often it came back. */
export class CassandraTurn implements Turn {
  readonly #session: CassandraSession;
  readonly #name: string;
  readonly #seen: Observations;

  constructor(session: CassandraSession, name: string) {
    this.#session = session;
    this.#name = name;
    this.#seen = new Observations(session.clock);
  }

  async hold(owner: string): Promise<boolean> {
    const row = await this.#read();
    if (row === null) return this.#decide('INSERT INTO turn (name, owner, beat, write_id) VALUES (:name, :owner, 0, :writeId) IF NOT EXISTS', { owner });
    const isFree = row.owner === '' || row.owner === owner || this.#seen.standsStillMs(this.#name, `${row.owner} ${row.beat}`) >= STANDSTILL_MS;
    return isFree && this.#move(row, owner);
  }

  async release(owner: string): Promise<void> {
    const row = await this.#read();
    if (row?.owner === owner) await this.#move(row, '');
  }

  #move(row: Row, owner: string): Promise<boolean> {
    const query = 'UPDATE turn SET owner = :owner, beat = :next, write_id = :writeId WHERE name = :name IF owner = :before AND beat = :beat';
    return this.#decide(query, { owner, before: row.owner, beat: row.beat, next: row.beat + 1 });
  }

  async #read(): Promise<Row | null> {
    return (await this.#session.read(FIND, { name: this.#name }))[0] ?? null;
  }

  async #decide(query: string, values: { readonly [name: string]: string | number }): Promise<boolean> {
    const name = this.#name;
    const { isApplied } = await this.#session.lwt({
      query,
      values: { ...values, name },
      find: { query: FIND, values: { name } },
      isOurs: (row, writeId) => row?.write_id === writeId,
    });
    return isApplied;
  }
}
