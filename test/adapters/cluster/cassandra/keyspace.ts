import { randomBytes } from 'node:crypto';
import { type CassandraOptions, type CassandraSession, type CassandraWorld, openCassandra } from '../../../../src/adapters/cluster/cassandra/session.ts';
import { SystemClock } from '../../../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../../../src/adapters/embedded/system-random.ts';
import type { CassandraService } from '../../../services/cassandra.ts';

export const WORLD: CassandraWorld = { clock: new SystemClock(), random: new SystemRandom() };

export function freshKeyspace(): string {
  return `t${randomBytes(6).toString('hex')}`;
}

export function optionsFor(service: CassandraService, keyspace: string, change: Partial<CassandraOptions> = {}): CassandraOptions {
  const { contactPoints, localDataCenter } = service;
  return { contactPoints, localDataCenter, keyspace, replicationFactor: service.nodes.length, patienceMs: 10_000, ...change };
}

/** Opens sessions on one keyspace, and closes them all. */
export class Sessions {
  readonly keyspace = freshKeyspace();
  readonly #service: CassandraService;
  readonly #open: CassandraSession[] = [];

  constructor(service: CassandraService) {
    this.#service = service;
  }

  async open(change: Partial<CassandraWorld> = {}): Promise<CassandraSession> {
    const session = await openCassandra(optionsFor(this.#service, this.keyspace), { ...WORLD, ...change });
    this.#open.push(session);
    return session;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((session) => session.close()));
  }
}
