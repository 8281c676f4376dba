import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CassandraSession } from '../../../src/adapters/cluster/cassandra/session.ts';
import { CassandraTitleStore } from '../../../src/adapters/cluster/cassandra/title-store.ts';
import { SystemRandom } from '../../../src/adapters/embedded/system-random.ts';
import { ManualClock } from '../../contract/manual-clock.ts';
import { event, next, title } from '../../contract/samples.ts';
import { SeededRandom } from '../world.ts';
import { FakeCassandra, SAFELY } from './fake-cassandra.ts';
import { Tables } from './tables.ts';

type Step = 'read' | 'lwt';

/** A session that waits before some of its steps. */
function holding(session: CassandraSession, hold: (step: Step, query: string) => Promise<void>): CassandraSession {
  return new Proxy(session, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'read' && name !== 'lwt') return value.bind(target);
      return async (first: string | { query: string }, ...rest: unknown[]) => {
        await hold(name, typeof first === 'string' ? first : first.query);
        return value.call(target, first, ...rest);
      };
    },
  });
}

test('an event that is written while somebody looks for it is told of at the next look', async () => {
  const clock = new ManualClock();
  const fake = new FakeCassandra(new Tables(() => clock.nowMs()), { random: new SeededRandom(1), after: () => {} });
  const session = () => fake.session('test', { clock, random: new SystemRandom() }, SAFELY);
  const [noted, mayWrite] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let written = Promise.resolve(false);
  const writer = new CassandraTitleStore(
    holding(session(), async (step, query) => {
      if (step !== 'lwt' || !query.includes('UPDATE title')) return;
      noted.resolve();
      await mayWrite.promise;
    }),
  );
  let isBetween = false;
  const reader = new CassandraTitleStore(
    holding(session(), async (step, query) => {
      if (step !== 'read' || !query.startsWith('SELECT DISTINCT title_id, rev FROM title')) return;
      // It has seen no events of the change, and now looks at the title itself.
      isBetween = true;
      mayWrite.resolve();
      await written;
    }),
  );
  const film = title('film');
  await writer.create(film, []);
  const inspected = event('film/inspected', { titleId: 'film', type: 'title.inspected' });
  written = writer.update(1, next(film, 'inspecting'), [inspected]);
  await noted.promise;
  await reader.pendingEvents(10);
  assert.equal(await written, true);
  assert.equal(isBetween, true);
  assert.deepEqual(
    (await reader.pendingEvents(10)).map(({ id }) => id),
    ['film/inspected'],
  );
});
