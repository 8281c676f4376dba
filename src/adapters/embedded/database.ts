import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { ScenelineError } from '../../model/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { MIGRATIONS } from './migrations.ts';
import { NodeFiles } from './node-files.ts';
import { explainSqliteError, isBusy } from './sqlite-errors.ts';
import { makeStateFolder } from './state-folder.ts';

const BUSY_TIMEOUT_MS = 10_000;
const BUSY_TRIES = 6;
const BUSY_PAUSE_MS = 50;

/**
 * The state database: write-ahead log, every commit flushed to the disk, writers in turn through `BEGIN IMMEDIATE`
 * (a plain `BEGIN` that writes later fails with SQLITE_BUSY at once, whatever the timeout).
 * Several processes may have it open.
 */
export class Database {
  readonly path: string;
  readonly #clock: Clock;
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, clock: Clock, sqlite: DatabaseSync) {
    this.path = path;
    this.#clock = clock;
    this.#sqlite = sqlite;
  }

  /** A prepared statement, kept for the next use. Only inside `read` or `write`. */
  sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = this.#sqlite.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  /** Runs queries; errors become those of `explainSqliteError`. */
  read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explainSqliteError(error, this.path);
    }
  }

  /** Runs `work` in one transaction, durable when this resolves; all or nothing. `work` must be repeatable: it starts anew when the database was busy. */
  async write<T>(work: () => T): Promise<T> {
    return retryWhileBusy(this.path, this.#clock, () => this.#transaction(work));
  }

  close(): void {
    this.#statements.clear();
    this.#sqlite.close();
  }

  #transaction<T>(work: () => T): T {
    this.#sqlite.exec('BEGIN IMMEDIATE');
    try {
      const value = work();
      this.#sqlite.exec('COMMIT');
      return value;
    } catch (error) {
      if (this.#sqlite.isTransaction) this.#sqlite.exec('ROLLBACK');
      throw error;
    }
  }
}

async function retryWhileBusy<T>(path: string, clock: Clock, work: () => T): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || tries === BUSY_TRIES) throw explainSqliteError(error, path);
      await clock.sleep(BUSY_PAUSE_MS * tries);
    }
  }
}

/**
 * Opens the state database, makes it (and its folder) when it is missing, and brings it to the newest schema.
 * `:memory:` keeps everything in this process. Throws SL-106 when it cannot be written, SL-109 when a newer Sceneline made it,
 * SL-110 when there is no room, SL-906 when it is damaged.
 */
export async function openDatabase(path: string, clock: Clock): Promise<Database> {
  if (path !== ':memory:') await makeStateFolder(new NodeFiles(), dirname(path));
  const sqlite = await retryWhileBusy(path, clock, () => new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true }));
  try {
    const mode = await retryWhileBusy(path, clock, () => sqlite.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode);
    if (path !== ':memory:' && mode !== 'wal') {
      throw new ScenelineError('SL-106', `The folder of ${path} does not support the shared memory that the state database needs; use a local disk.`);
    }
    sqlite.exec('PRAGMA synchronous = FULL');
    const database = new Database(path, clock, sqlite);
    await migrate(database, sqlite);
    return database;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** Applies what is missing, all in one step; a process that comes second finds nothing to do. */
async function migrate(database: Database, sqlite: DatabaseSync): Promise<void> {
  const applied = () => Number(sqlite.prepare('PRAGMA user_version').get()?.user_version);
  const found = database.read(applied);
  if (found > MIGRATIONS.length) {
    throw new ScenelineError('SL-109', `${database.path} has schema ${found}; this Sceneline knows ${MIGRATIONS.length}.`);
  }
  if (found === MIGRATIONS.length) return;
  await database.write(() => {
    for (const migration of MIGRATIONS.slice(applied())) sqlite.exec(migration);
    sqlite.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  });
}
