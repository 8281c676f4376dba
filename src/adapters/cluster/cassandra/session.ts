import { Client, policies, types } from 'cassandra-driver';
import { ScenelineError } from '../../../model/errors.ts';
import type { Clock, Random } from '../../../ports/clock.ts';
import { explainCallError, explainConnectError, isKeyspaceUnknown, isPassing, passwordLogin } from './faults.ts';
import { migrate } from './migrate.ts';
import { patiently } from './patience.ts';

export type CassandraOptions = {
  /** `host:port`, one or more, all of the local data centre. */
  readonly contactPoints: readonly string[];
  readonly localDataCenter: string;
  /** `[a-z][a-z0-9_]*`, at most 48 characters; made when it is missing. */
  readonly keyspace: string;
  /** Copies of every row in the local data centre, for a keyspace that is made now. */
  readonly replicationFactor: number;
  readonly login?: { readonly user: string; readonly password: string };
  /** PEM texts. `ca`: the servers are known by it, otherwise by what the system trusts; with `cert` and `key` they know us as well. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** How long a call goes on trying while the database is away. */
  readonly patienceMs: number;
};

export type CassandraWorld = { readonly clock: Clock; readonly random: Random };

// biome-ignore lint/suspicious/noExplicitAny: a row's columns are those of the query beside it, which the compiler does not read.
export type Row = { readonly [column: string]: any };
export type Values = { readonly [name: string]: string | number | boolean | Buffer };
type Query = { readonly query: string; readonly values: Values };

/** A lightweight transaction. Its text must set some column to `:writeId` and must be refused once it was applied. */
export type Decision = Query & {
  /** Reads what tells whether a try with that id was applied. */
  readonly find: Query;
  readonly isOurs: (row: Row | null, writeId: string) => boolean;
  /** Instead of the session's. */
  readonly patienceMs?: number;
};

/** `row`: what was found where it was refused, as the server tells it: the columns of the condition. */
export type Decided = { readonly isApplied: boolean; readonly row: Row | null; readonly writeId: string };

type Execute = (query: string, values: Values | readonly unknown[], options: object) => Promise<types.ResultSet>;

const { consistencies } = types;
const CONNECT_LIMIT_MS = 5000;
const ANSWER_LIMIT_MS = 5000;
const KEYSPACE_LIMIT_MS = 10_000;
const ROWS_PER_FETCH = 5000;
const PLAIN = { prepare: true, consistency: consistencies.localQuorum, isIdempotent: true };
const LWT = { prepare: true, consistency: consistencies.localQuorum, serialConsistency: consistencies.localSerial, isIdempotent: false };
const SERIAL_READ = { prepare: true, consistency: consistencies.localSerial, isIdempotent: true };

/**
 * Connects, brings the keyspace to the newest schema and checks that acknowledged writes are safe.
 * Throws within seconds: SL-101 (keyspace name), SL-141 (not reachable), SL-142 (refused), SL-143 (may lose acknowledged writes), SL-144 (newer schema).
 */
export async function openCassandra(options: CassandraOptions, world: CassandraWorld): Promise<CassandraSession> {
  const place = options.contactPoints.join(', ');
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(options.keyspace)) {
    throw new ScenelineError('SL-101', `${JSON.stringify(options.keyspace)} is no keyspace name: small letters, digits and _ only.`);
  }
  try {
    const first = clientOf(options, null);
    await using(first, () => makeKeyspace(first, options));
    // Another process may just have made it: a node lists a keyspace a moment before it knows it.
    const session = await patiently(world.clock, KEYSPACE_LIMIT_MS, isKeyspaceUnknown, () => CassandraSession.connect(options, world));
    try {
      await migrate(session, options.keyspace, world);
      await session.checkDurability();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  } catch (error) {
    throw explainConnectError(error, place);
  }
}

/** What all our Cassandra stores talk through. Rows are read and written at LOCAL_QUORUM, decided at LOCAL_SERIAL. */
export class CassandraSession {
  /** What an operator should know about the servers' settings. */
  readonly warnings: string[] = [];
  readonly clock: Clock;
  readonly random: Random;
  readonly #client: Client;
  readonly #options: CassandraOptions;
  readonly #place: string;
  #hosts: ReadonlySet<OwnedHost> = new Set();

  private constructor(client: Client, options: CassandraOptions, world: CassandraWorld) {
    this.#client = client;
    this.#options = options;
    this.clock = world.clock;
    this.random = world.random;
    this.#place = options.contactPoints.join(', ');
  }

  /** To a keyspace that exists. */
  static async connect(options: CassandraOptions, world: CassandraWorld): Promise<CassandraSession> {
    const client = clientOf(options, options.keyspace);
    const session = new CassandraSession(client, options, world);
    try {
      await client.connect();
      session.#hosts = rememberHosts(client);
      return session;
    } catch (error) {
      await client.shutdown();
      throw error;
    }
  }

  /** All rows of a query. Throws SL-145 when the database stays away. */
  async read(query: string, values: Values): Promise<Row[]> {
    return this.#insist(this.#options.patienceMs, () => this.#pages(query, values, PLAIN));
  }

  /** Writes an immutable row: doing it twice does it once. */
  async write(query: string, values: Values): Promise<void> {
    await this.#insist(this.#options.patienceMs, () => this.#execute(query, values, PLAIN));
  }

  /** `write` of many rows of one partition, in one step. */
  async writeAll(queries: readonly Query[]): Promise<void> {
    if (queries.length === 0) return;
    const batch = queries.map(({ query, values }) => ({ query, params: values }));
    await this.#insist(this.#options.patienceMs, () => this.#client.batch(batch, { ...PLAIN, logged: false }));
  }

  /**
   * Carries out a lightweight transaction and finds out what became of it. A try that failed is *unknown*, neither made nor refused, and may still be
   * made while we look. So the row is read serially, which ends every round that was under way there; if it has our id, ours was made. If not, the same
   * transaction is tried again under the same id: its condition lets only one of the tries through, and an own earlier one is known by the id.
   * Throws SL-145 when the outcome stays unknown.
   */
  async lwt(decision: Decision): Promise<Decided> {
    const writeId = this.random.id();
    const values = { ...decision.values, writeId };
    let isUnknown = false;
    return this.#insist(decision.patienceMs ?? this.#options.patienceMs, async () => {
      if (isUnknown && (await this.#isOurs(decision, writeId))) return { isApplied: true, row: null, writeId };
      try {
        const result = await this.#execute(decision.query, values, LWT);
        if (result.wasApplied()) return { isApplied: true, row: null, writeId };
        const isApplied = isUnknown && (await this.#isOurs(decision, writeId));
        return { isApplied, row: isApplied ? null : result.first(), writeId };
      } catch (error) {
        isUnknown = true;
        throw error;
      }
    });
  }

  /** Milliseconds since 1970 by a server's clock. */
  async serverNowMs(): Promise<number> {
    const [row] = await this.read('SELECT toUnixTimestamp(now()) AS now_ms FROM system.local', {});
    return Number(row.now_ms);
  }

  /** Runs a statement of the schema. */
  async define(statement: string): Promise<void> {
    await this.#client.execute(statement);
  }

  /**
   * Servers that answer before the disk has a write lose it when they are killed (measured: 34 of 2,700). With several copies on independent
   * machines that is usual practice: a warning. With one copy: SL-143.
   */
  async checkDurability(): Promise<void> {
    const [row] = await this.read('SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = :name', { name: this.#options.keyspace });
    const copies = Number(row?.replication[this.#options.localDataCenter] ?? row?.replication.replication_factor ?? 0);
    for (const host of this.#client.hosts.values().filter((one) => one.isUp())) {
      const query = "SELECT value FROM system_views.settings WHERE name = 'commitlog_sync'";
      const sync = (await this.#client.execute(query, [], { host, consistency: consistencies.localOne })).first()?.value;
      if (sync !== 'periodic') continue;
      const text = `The Cassandra node ${host.address} acknowledges writes before they are on its disk (commitlog_sync: periodic).`;
      if (copies < 2) throw new ScenelineError('SL-143', `${text} Keyspace ${this.#options.keyspace} keeps one copy only.`);
      this.warnings.push(`${text} A power cut of all ${copies} machines at once may lose acknowledged writes.`);
    }
  }

  async close(): Promise<void> {
    await this.#client.shutdown();
    for (const host of this.#hosts) await host.shutdown(false);
  }

  async #isOurs({ find, isOurs }: Decision, writeId: string): Promise<boolean> {
    const rows = await this.#pages(find.query, find.values, SERIAL_READ);
    return isOurs(rows[0] ?? null, writeId);
  }

  async #pages(query: string, values: Values, options: object): Promise<Row[]> {
    const rows: Row[] = [];
    let pageState: string | undefined;
    do {
      const result = await this.#execute(query, values, { ...options, fetchSize: ROWS_PER_FETCH, pageState });
      rows.push(...result.rows);
      pageState = result.pageState ?? undefined;
    } while (pageState !== undefined);
    return rows;
  }

  #execute: Execute = (query, values, options) => this.#client.execute(query, values as Values, options);

  async #insist<T>(limitMs: number, call: () => Promise<T>): Promise<T> {
    try {
      return await patiently(this.clock, limitMs, isPassing, call);
    } catch (error) {
      throw explainCallError(error, this.#place);
    }
  }
}

function clientOf(options: CassandraOptions, keyspace: string | null): Client {
  const { contactPoints, localDataCenter, login, tls } = options;
  return new Client({
    contactPoints: [...contactPoints],
    localDataCenter,
    ...(keyspace === null ? {} : { keyspace }),
    ...(login ? { authProvider: passwordLogin(login) } : {}),
    ...(tls ? { sslOptions: { ...tls, rejectUnauthorized: true } } : {}),
    socketOptions: { connectTimeout: CONNECT_LIMIT_MS, readTimeout: ANSWER_LIMIT_MS },
    // The driver's own policy waits up to ten minutes before it looks at a node again.
    policies: { reconnection: new policies.reconnection.ExponentialReconnectionPolicy(100, 2000, false) },
  });
}

async function using(client: Client, work: () => Promise<void>): Promise<void> {
  try {
    await client.connect();
    await work();
  } finally {
    await client.shutdown();
  }
}

type OwnedHost = { shutdown(waitForPending: boolean): Promise<void> };

/**
 * When all nodes were away, the driver (4.10.0) comes back with new host objects and forgets the old ones, whose connections and timers its own
 * shutdown then leaves alone: they would keep this process alive for ever.
 */
function rememberHosts(client: Client): Set<OwnedHost> {
  const hosts = new Set<OwnedHost>();
  const add = (host: unknown) => hosts.add(host as OwnedHost);
  for (const host of client.hosts.values()) add(host);
  for (const news of ['hostAdd', 'hostUp', 'hostDown']) client.on(news, add);
  return hosts;
}

async function makeKeyspace(client: Client, { keyspace, localDataCenter, replicationFactor }: CassandraOptions): Promise<void> {
  const found = await client.execute('SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?', [keyspace], { prepare: true });
  if (found.rowLength > 0) return;
  const replication = `{'class': 'NetworkTopologyStrategy', '${localDataCenter.replaceAll("'", "''")}': ${replicationFactor}}`;
  await client.execute(`CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = ${replication}`);
}
