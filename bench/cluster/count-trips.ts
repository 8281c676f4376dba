import type { CassandraSession } from '../../src/adapters/cluster/cassandra/session.ts';

/** From now on counts the calls that these sessions make to the database; gives how many there were so far. */
export function countTrips(sessions: readonly CassandraSession[]): () => number {
  let trips = 0;
  for (const session of sessions) {
    for (const name of ['read', 'write', 'writeAll', 'lwt'] as const) {
      const call = session[name].bind(session) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(session, {
        [name]: (...args: unknown[]) => {
          trips++;
          return call(...args);
        },
      });
    }
  }
  return () => trips;
}
