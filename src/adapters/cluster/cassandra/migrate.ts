import { createHash } from 'node:crypto';
import { ScenelineError } from '../../../model/errors.ts';
import { Observations } from './observations.ts';
import { MIGRATIONS, SCHEMA_HEAD, type TableStep } from './schema.ts';
import type { CassandraSession, CassandraWorld, Row } from './session.ts';

/** Somebody who applies migrations and was not seen to go on for so long is taken to be gone. */
const STANDSTILL_MS = 60_000;
const LOOK_AGAIN_MS = 200;

/**
 * Brings the keyspace to the newest schema; several processes may ask at once. One of them, whoever takes the head row, applies what is missing; the
 * others wait for it, and take over when they see it stand still for a minute by their own clock. Should it wake up then, nothing bad happens: each
 * statement is repeatable, and a table made by two at once has the same id, derived from its name, on every node.
 * Throws SL-144 when a newer Sceneline made the keyspace.
 */
export async function migrate(session: CassandraSession, keyspace: string, { clock, random }: CassandraWorld): Promise<void> {
  const me = random.id();
  const seen = new Observations(clock);
  await session.define(createTable(SCHEMA_HEAD, keyspace));
  for (;;) {
    const head = await headOf(session);
    if (head === null) {
      await decideHead(session, 'INSERT INTO schema_head (id, version, holder, beat, write_id) VALUES (0, 0, :none, 0, :writeId) IF NOT EXISTS', { none: '' });
      continue;
    }
    if (head.version > MIGRATIONS.length) {
      throw new ScenelineError('SL-144', `Keyspace ${keyspace} has schema ${head.version}; this Sceneline knows ${MIGRATIONS.length}.`);
    }
    if (head.version === MIGRATIONS.length) return;
    const stillMs = seen.standsStillMs('head', `${head.version} ${head.holder} ${head.beat}`);
    if (head.holder === '' || stillMs > STANDSTILL_MS) await apply(session, keyspace, head, me);
    else await clock.sleep(LOOK_AGAIN_MS);
  }
}

/** Takes the head row and applies the next migration. Returns early when somebody else has the row. */
async function apply(session: CassandraSession, keyspace: string, head: Row, me: string): Promise<void> {
  let beat = head.beat;
  const move = (change: string) => {
    const query = `UPDATE schema_head SET ${change}, beat = :next, write_id = :writeId WHERE id = 0 IF version = :version AND beat = :beat`;
    const decided = decideHead(session, query, { version: head.version, beat, next: beat + 1, ...(change.includes(':me') ? { me } : {}) });
    beat += 1;
    return decided;
  };
  if (!(await move('holder = :me'))) return;
  for (const step of MIGRATIONS[head.version]) {
    await session.define(createTable(step, keyspace));
    if (!(await move('holder = :me'))) return;
  }
  await move(`holder = '', version = ${head.version + 1}`);
}

async function headOf(session: CassandraSession): Promise<Row | null> {
  return (await session.read('SELECT version, holder, beat FROM schema_head WHERE id = 0', {}))[0] ?? null;
}

async function decideHead(session: CassandraSession, query: string, values: { [name: string]: string | number }): Promise<boolean> {
  const find = { query: 'SELECT write_id FROM schema_head WHERE id = 0', values: {} };
  const { isApplied } = await session.lwt({ query, values, find, isOurs: (row, writeId) => row?.write_id === writeId });
  return isApplied;
}

/** Two nodes that are asked for one table at once would give it two ids, and never agree. */
function createTable({ table, columns, order }: TableStep, keyspace: string): string {
  const digest = createHash('sha256').update(`${keyspace}.${table}`).digest('hex');
  const id = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  const ordered = order === undefined ? '' : `CLUSTERING ORDER BY (${order}) AND `;
  return `CREATE TABLE IF NOT EXISTS ${table} (${columns}) WITH ${ordered}id = ${id}`;
}
