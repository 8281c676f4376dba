import type { Client } from 'cassandra-driver';
import { CassandraSession, type CassandraWorld } from '../../../src/adapters/cluster/cassandra/session.ts';
import type { Bound, Tables } from './tables.ts';

/** One call of a database: its effect is atomic, and may be made later than the caller is told. */
export type Reach = <T>(name: string, effect: () => T, later?: (effect: () => T) => void) => Promise<T>;

type Dice = { chance(probability: number): boolean; between(least: number, most: number): number };

const PATIENCE_MS = 20_000;
/** Nothing went wrong on the way. */
export const SAFELY: Reach = async (_name, effect) => effect();

/**
 * The real session on tables in memory. Transactions whose caller was told of a failure may still be under way: the next serial look at their partition ends
 * them, one way or the other, as Paxos does; plain reads see nothing of them until then.
 */
export class FakeCassandra {
  readonly tables: Tables;
  readonly #random: Dice;
  readonly #after: (ms: number, run: () => void) => void;
  readonly #underWay = new Map<string, (() => void)[]>();

  constructor(tables: Tables, world: { readonly random: Dice; after(ms: number, run: () => void): void }) {
    this.tables = tables;
    this.#random = world.random;
    this.#after = (ms, run) => world.after(ms, run);
  }

  /** A session of one process. */
  session(byWhom: string, world: CassandraWorld, reach: Reach): CassandraSession {
    const execute = async (query: string, bound: Bound, options: { consistency?: number; serialConsistency?: number }) => {
      const isWrite = !query.startsWith('SELECT');
      const isSerial = query.includes(' IF ');
      const effect = () => {
        if (isSerial || options.consistency === LOCAL_SERIAL) this.#settle(this.tables.partitionOf(query, bound));
        return this.tables.run(query, bound, byWhom);
      };
      const run = () => void this.tables.run(query, bound, byWhom);
      // A notice that comes late is older than the one that took its place.
      const canBeLate = isWrite && !query.includes(' USING TTL ');
      const later = () => (isSerial ? this.#leaveUnderWay(this.tables.partitionOf(query, bound), run) : this.#after(this.#random.between(1, 30_000), run));
      const { rows, isApplied } = await reach(isWrite ? nameOf(query) : 'read', effect, canBeLate ? later : undefined);
      return { rows, rowLength: rows.length, pageState: undefined, wasApplied: () => isApplied, first: () => rows[0] ?? null };
    };
    const batch = async (queries: readonly { query: string; params: Bound }[]) => {
      await reach('batch', () => {
        for (const { query, params } of queries) this.tables.run(query, params, byWhom);
      });
    };
    const client = { execute, batch, shutdown: async () => {} } as unknown as Client;
    const options = { contactPoints: ['sim'], localDataCenter: 'sim', keyspace: 'sim', replicationFactor: 3, patienceMs: PATIENCE_MS };
    // Sessions connect themselves, which there is nothing for here.
    return Reflect.construct(CassandraSession, [client, options, world]);
  }

  #leaveUnderWay(partition: string, run: () => void): void {
    const rounds = this.#underWay.get(partition) ?? [];
    rounds.push(run);
    this.#underWay.set(partition, rounds);
  }

  #settle(partition: string): void {
    const rounds = this.#underWay.get(partition);
    if (!rounds) return;
    this.#underWay.delete(partition);
    for (const run of rounds) if (this.#random.chance(0.5)) run();
  }
}

/** As the driver numbers it. */
const LOCAL_SERIAL = 9;

function nameOf(query: string): string {
  return query.startsWith('BEGIN')
    ? `batch ${/(?:INTO|UPDATE) (\w+)/.exec(query)?.[1]}`
    : query.slice(0, query.indexOf(' ', 12)).replace('INSERT INTO', 'into');
}
