import type { EncodedChunk } from '../../../model/encoded-chunk.ts';
import { checkLimit, decodeCursor, encodeCursor, pageOf } from '../../../ports/cursor.ts';
import type { ResultStore } from '../../../ports/result-store.ts';
import { inParallel } from './in-parallel.ts';
import type { CassandraSession, Decided, Row, Values } from './session.ts';

const WHERE = 'WHERE owner = :owner AND prefix = :prefix AND address = :address';
const FIND = `SELECT object_key, body, write_id FROM result ${WHERE}`;
/** Prefixes read at once for a page. */
const WIDTH = 16;
/** Characters of an address that choose its partition: 256 partitions for hex, which keeps an owner's results in order and out of each other's way. */
const PREFIX_LENGTH = 2;

/** An owner's results lie in partitions by the start of their address. A revoked one keeps its row, with an empty object key, until it is filled again. */
export class CassandraResultStore implements ResultStore {
  readonly #session: CassandraSession;
  readonly #knownPrefixes = new Set<string>();

  constructor(session: CassandraSession) {
    this.#session = session;
  }

  async lookup(owner: string, address: string): Promise<EncodedChunk | null> {
    return resultOf((await this.#session.read(FIND, placeOf(owner, address)))[0]);
  }

  async record(owner: string, result: EncodedChunk): Promise<EncodedChunk> {
    const place = placeOf(owner, result.address);
    await this.#announcePrefix(owner, place.prefix);
    const values = { ...place, objectKey: result.objectKey, body: JSON.stringify(result) };
    for (;;) {
      const insert = await this.#decide(
        place,
        'INSERT INTO result (owner, prefix, address, object_key, body, write_id) VALUES (:owner, :prefix, :address, :objectKey, :body, :writeId) IF NOT EXISTS',
        values,
      );
      if (insert.isApplied) return result;
      const refill = await this.#decide(
        place,
        `UPDATE result SET object_key = :objectKey, body = :body, write_id = :writeId ${WHERE} IF object_key = ''`,
        values,
      );
      if (refill.isApplied) return result;
      const first = await this.lookup(owner, result.address);
      if (first) return first;
    }
  }

  async revoke(owner: string, address: string, objectKey: string): Promise<void> {
    const place = placeOf(owner, address);
    await this.#decide(place, `UPDATE result SET object_key = '', write_id = :writeId ${WHERE} IF object_key = :objectKey`, { ...place, objectKey });
  }

  async list(owner: string, cursor: string | null, limit: number): Promise<{ results: readonly EncodedChunk[]; cursor: string | null }> {
    checkLimit(limit);
    const [after] = decodeCursor('results', cursor, ['']) ?? [''];
    const prefixes = await this.#session.read('SELECT prefix FROM result_prefix WHERE owner = :owner AND prefix >= :first', { owner, first: prefixOf(after) });
    const found: EncodedChunk[] = [];
    for (let at = 0; at < prefixes.length && found.length <= limit; at += WIDTH) {
      const parts = await inParallel(prefixes.slice(at, at + WIDTH), WIDTH, (row) => this.#firstOf(owner, row.prefix, after, limit + 1));
      found.push(...parts.flat());
    }
    const page = pageOf(
      found,
      limit,
      (result) => result,
      (last) => encodeCursor('results', [last.address]),
    );
    return { results: page.items, cursor: page.cursor };
  }

  /** The first `count` results of one partition behind an address. */
  async #firstOf(owner: string, prefix: string, after: string, count: number): Promise<EncodedChunk[]> {
    const found: EncodedChunk[] = [];
    const query = `SELECT address, object_key, body FROM result WHERE owner = :owner AND prefix = :prefix AND address > :after LIMIT ${count}`;
    for (let last = after; ; ) {
      const rows = await this.#session.read(query, { owner, prefix, after: last });
      found.push(...rows.flatMap((row) => resultOf(row) ?? []));
      if (rows.length < count || found.length >= count) return found.slice(0, count);
      last = rows[rows.length - 1].address;
    }
  }

  async #announcePrefix(owner: string, prefix: string): Promise<void> {
    const name = `${prefix} ${owner}`;
    if (this.#knownPrefixes.has(name)) return;
    await this.#session.write('INSERT INTO result_prefix (owner, prefix) VALUES (:owner, :prefix)', { owner, prefix });
    this.#knownPrefixes.add(name);
  }

  #decide(place: Values, query: string, values: Values): Promise<Decided> {
    return this.#session.lwt({ query, values, find: { query: FIND, values: place }, isOurs: (row, writeId) => row?.write_id === writeId });
  }
}

function placeOf(owner: string, address: string) {
  return { owner, prefix: prefixOf(address), address };
}

function prefixOf(address: string): string {
  return [...address].slice(0, PREFIX_LENGTH).join('');
}

function resultOf(row: Row | undefined): EncodedChunk | null {
  return row && row.object_key !== '' ? JSON.parse(row.body) : null;
}
