import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SceneEvent } from '../../src/model/event.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import { event, freshTag, type Made, ODD_TEXT } from './samples.ts';

/** What every EventLog promises. `make` may give a log that other tests use too. */
export function eventLogContract(name: string, make: () => Promise<Made<EventLog>>): void {
  describe(`${name}: EventLog`, () => {
    let made: Made<EventLog>;
    let log: EventLog;
    before(async () => {
      made = await make();
      log = made.adapter;
    });
    after(() => made.close());

    /** Reads to the end by pages. */
    const readAll = async (from: string | null, limit: number) => {
      const events: SceneEvent[] = [];
      let cursor = from;
      for (;;) {
        const page = await log.read(cursor, limit);
        assert.ok(page.events.length <= limit);
        cursor = page.cursor;
        if (page.events.length === 0) return { events, cursor };
        events.push(...page.events);
      }
    };
    /** A log may give an event twice. */
    const distinct = (events: readonly SceneEvent[], tag: string) => [
      ...new Map(events.filter((found) => found.titleId === tag).map((found) => [found.id, found])).values(),
    ];

    it('gives events back in order of arrival, whatever the page size', async () => {
      const tag = freshTag();
      const events = Array.from({ length: 7 }, (_, i) =>
        event(`${tag}-${9 - i}`, { titleId: tag, atMs: 100 - i, data: { text: ODD_TEXT, list: [1, null, { a: 0.1 }] } }),
      );
      await log.append(events.slice(0, 3));
      await log.append([]);
      await log.append(events.slice(3));
      for (const limit of [1, 3, 1000]) assert.deepEqual(distinct((await readAll(null, limit)).events, tag), events);
    });

    it('goes on behind a cursor with what came later', async () => {
      const tag = freshTag();
      await log.append([event(`${tag}-1`, { titleId: tag })]);
      const { cursor } = await readAll(null, 100);
      assert.notEqual(cursor, null);
      assert.deepEqual((await log.read(cursor, 10)).events, []);
      await log.append([event(`${tag}-2`, { titleId: tag }), event(`${tag}-3`, { titleId: tag })]);
      const later = await readAll(cursor, 1);
      assert.deepEqual(
        distinct(later.events, tag).map((found) => found.id),
        [`${tag}-2`, `${tag}-3`],
      );
    });

    it('takes the same event twice without harm', async () => {
      const tag = freshTag();
      const repeated = event(`${tag}-1`, { titleId: tag });
      await log.append([repeated, repeated]);
      await log.append([repeated]);
      assert.deepEqual(distinct((await readAll(null, 100)).events, tag), [repeated]);
    });

    it('refuses cursors that it did not give', async () => {
      for (const cursor of ['', 'x', 'bnVsbA', 'A'.repeat(10_000)]) await assert.rejects(log.read(cursor, 10), { code: 'SL-101' });
    });
  });
}
