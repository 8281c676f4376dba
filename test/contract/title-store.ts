import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LIVE_STATES, TITLE_STATES, type Title } from '../../src/model/title.ts';
import type { TitleStore } from '../../src/ports/title-store.ts';
import { allPages, event, freshTag, type Made, next, ODD_TEXT, title } from './samples.ts';

const DAY_MS = 86_400_000;

/** Days of the far past, one for each call, so that tests in one store do not meet. */
let daysUsed = 0;
function freshDayMs(): number {
  daysUsed += 1;
  return Date.UTC(1990, 0, 1) + (process.pid % 9000) * DAY_MS + daysUsed * DAY_MS;
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const ids = (titles: readonly Title[]) => titles.map((row) => row.id);

/** What every TitleStore promises. `make` may give a store that other tests use too. */
export function titleStoreContract(name: string, make: () => Promise<Made<TitleStore>>): void {
  describe(`${name}: TitleStore`, () => {
    let made: Made<TitleStore>;
    let store: TitleStore;
    before(async () => {
      made = await make();
      store = made.adapter;
    });
    after(() => made.close());

    rowTests(() => store);
    outboxTests(() => store);
    listTests(() => store);
  });
}

function rowTests(the: () => TitleStore): void {
  it('gives back what was created, odd text and large values included', async () => {
    const id = freshTag();
    assert.equal(await the().get(id), null);
    const finding = { code: 'SL-901', severity: 'info', place: { startFrame: 0 }, message: ODD_TEXT } as const;
    const row = title(id, { findings: Array.from({ length: 5000 }, () => finding), progress: { chunkCount: 0, codecs: ['h264', ODD_TEXT] } });
    assert.equal(await the().create(row, []), true);
    assert.deepEqual(await the().get(id), row);
  });

  it('creates an id once, even when many try at the same time', async () => {
    const id = freshTag();
    const tries = await Promise.all(Array.from({ length: 12 }, (_, i) => the().create(title(id, { revision: `r${i}` }), [event(`${id}-${i}`)])));
    assert.equal(tries.filter(Boolean).length, 1);
    assert.equal((await the().get(id))?.revision, `r${tries.indexOf(true)}`);
    const announced = (await the().pendingEvents(10_000)).filter((pending) => pending.id.startsWith(id));
    assert.deepEqual(
      announced.map((pending) => pending.id),
      [`${id}-${tries.indexOf(true)}`],
    );
  });

  it('lets one of several writers with the same rev through', async () => {
    const first = title(freshTag());
    await the().create(first, []);
    const tries = await Promise.all(Array.from({ length: 12 }, (_, i) => the().update(1, { ...next(first, 'inspecting'), revision: `r${i}` }, [])));
    assert.equal(tries.filter(Boolean).length, 1);
    assert.equal((await the().get(first.id))?.revision, `r${tries.indexOf(true)}`);
  });

  it('refuses an update of a rev that passed, and of a title that is not there', async () => {
    const first = title(freshTag());
    const second = next(first, 'inspecting');
    await the().create(first, []);
    assert.equal(await the().update(1, second, []), true);
    assert.equal(await the().update(1, next(first, 'cancelled'), [event(`${first.id}-late`)]), false);
    assert.deepEqual(await the().get(first.id), second);
    assert.equal(await the().update(1, next(title(freshTag()), 'inspecting'), [event(`${first.id}-none`)]), false);
    assert.deepEqual(
      (await the().pendingEvents(10_000)).filter((pending) => pending.id.startsWith(first.id)),
      [],
    );
  });

  it('refuses an update whose rev does not grow', async () => {
    const first = title(freshTag());
    await the().create(first, []);
    await assert.rejects(the().update(1, { ...first, state: 'inspecting' }, []), RangeError);
  });
}

function outboxTests(the: () => TitleStore): void {
  it('keeps events from the change that made them until they are settled, oldest first', async () => {
    const first = title(freshTag());
    const mine = async () => (await the().pendingEvents(10_000)).filter((pending) => pending.titleId === first.id);
    const events = ['c', 'a', 'b'].map((letter) => event(`${first.id}-${letter}`, { titleId: first.id, data: { text: ODD_TEXT, count: 2 ** 53 - 1 } }));
    await the().create(first, [events[0]]);
    await the().update(1, next(first, 'inspecting'), [events[1], events[2]]);
    assert.deepEqual(await mine(), events);
    await the().settleEvents([events[1].id, `${first.id}-unknown`]);
    assert.deepEqual(await mine(), [events[0], events[2]]);
    await the().settleEvents([events[1].id, events[0].id, events[2].id]);
    assert.deepEqual(await mine(), []);
    await the().settleEvents([]);
  });

  it('gives no more events than asked for', async () => {
    const first = title(freshTag());
    const events = Array.from({ length: 5 }, (_, i) => event(`${first.id}-${i}`, { titleId: first.id }));
    await the().create(first, events);
    assert.equal((await the().pendingEvents(3)).length, 3);
    await the().settleEvents(events.map((pending) => pending.id));
  });
}

function listTests(the: () => TitleStore): void {
  const byDay = (day: string, state: Title['state'] | null, limit: number) =>
    allPages(async (cursor, size) => {
      const page = await the().listByDay(day, state, cursor, size);
      return { items: page.titles, cursor: page.cursor };
    }, limit);

  it('lists a UTC day newest first, whatever the page size, and only that day', async () => {
    const tag = freshTag();
    const dayMs = freshDayMs();
    freshDayMs();
    const times = [0, DAY_MS - 1, 5000, 5000, 5000, 77, DAY_MS, -1];
    for (const [i, ms] of times.entries()) await the().create(title(`${tag}-${i}`, { createdMs: dayMs + ms }), []);
    for (const limit of [1, 2, 3, 100]) {
      const found = await byDay(dayOf(dayMs), null, limit);
      assert.deepEqual(ids(found).sort(), [0, 1, 2, 3, 4, 5].map((i) => `${tag}-${i}`).sort());
      assert.deepEqual(
        found.map((row) => row.createdMs - dayMs),
        [DAY_MS - 1, 5000, 5000, 5000, 77, 0],
      );
    }
  });

  it('lists one state of a day, following changes', async () => {
    const tag = freshTag();
    const dayMs = freshDayMs();
    const rows = Array.from({ length: 6 }, (_, i) => title(`${tag}-${i}`, { createdMs: dayMs + i }));
    for (const row of rows) await the().create(row, []);
    for (const i of [1, 4]) await the().update(1, next(rows[i], 'published'), []);
    assert.deepEqual(ids(await byDay(dayOf(dayMs), 'published', 1)), [`${tag}-4`, `${tag}-1`]);
    assert.deepEqual(
      ids(await byDay(dayOf(dayMs), 'registered', 2)),
      [5, 3, 2, 0].map((i) => `${tag}-${i}`),
    );
    assert.deepEqual(await byDay(dayOf(dayMs), 'failed', 2), []);
  });

  it('goes on behind a cursor when rows come and change in between: none twice, none skipped', async () => {
    const tag = freshTag();
    const dayMs = freshDayMs();
    const rows = Array.from({ length: 6 }, (_, i) => title(`${tag}-${i}`, { createdMs: dayMs + 1000 * (i + 1) }));
    for (const row of rows) await the().create(row, []);
    const first = await the().listByDay(dayOf(dayMs), null, null, 2);
    await the().create(title(`${tag}-new`, { createdMs: dayMs + 50_000 }), []);
    await the().create(title(`${tag}-between`, { createdMs: dayMs + 2500 }), []);
    await the().update(1, next(rows[5], 'cancelled'), []);
    await the().update(1, next(rows[0], 'cancelled'), []);
    const second = await the().listByDay(dayOf(dayMs), null, first.cursor, 100);
    assert.deepEqual(
      ids([...first.titles, ...second.titles]),
      [5, 4, 3, 2, 'between', 1, 0].map((part) => `${tag}-${part}`),
    );
    assert.equal(second.cursor, null);
  });

  it('lists the days that have titles, newest first', async () => {
    const tag = freshTag();
    const days = [freshDayMs(), freshDayMs(), freshDayMs()].map(dayOf);
    for (const [i, day] of days.entries()) {
      for (const n of [1, 2]) await the().create(title(`${tag}-${i}-${n}`, { createdMs: Date.parse(day) + n }), []);
    }
    const found = await allPages(async (cursor, limit) => {
      const page = await the().listDays(cursor, limit);
      return { items: page.days, cursor: page.cursor };
    }, 2);
    assert.deepEqual(found, [...new Set(found)].sort().reverse());
    assert.deepEqual(
      found.filter((day) => days.includes(day)),
      [...days].reverse(),
    );
  });

  it('lists ids by prefix, ascending, with nothing that only looks similar', async () => {
    const tag = freshTag();
    const names = ['a', 'a-1', 'a-2', 'a_2', 'a%', 'ab', 'b', 'A'];
    for (const name of names) await the().create(title(`${tag}${name}`), []);
    for (const limit of [1, 3, 100]) {
      const found = await allPages(async (cursor, size) => {
        const page = await the().listByPrefix(`${tag}a`, cursor, size);
        return { items: page.titles, cursor: page.cursor };
      }, limit);
      assert.deepEqual(ids(found), ['a', 'a%', 'a-1', 'a-2', 'a_2', 'ab'].map((name) => `${tag}${name}`).sort());
    }
    assert.deepEqual((await the().listByPrefix(`${tag}%`, null, 10)).titles, []);
  });

  it('lists exactly the titles that are not at an end', async () => {
    const tag = freshTag();
    for (const state of TITLE_STATES) await the().create(title(`${tag}-${state}`, { state }), []);
    await the().update(1, { ...title(`${tag}-failed`), rev: 2, state: 'encoding' }, []);
    await the().update(1, { ...title(`${tag}-planning`), rev: 2, state: 'failed' }, []);
    const live = await allPages(async (cursor, limit) => {
      const page = await the().listLive(cursor, limit);
      return { items: page.titles, cursor: page.cursor };
    }, 2);
    const expected = LIVE_STATES.filter((state) => state !== 'planning').map((state) => `${tag}-${state}`);
    assert.deepEqual(
      ids(live)
        .filter((id) => id.startsWith(tag))
        .sort(),
      [...expected, `${tag}-failed`].sort(),
    );
  });

  it('refuses cursors that it did not give, and pages without rows', async () => {
    const hostile = ['', 'x', '!!!', 'bnVsbA', 'W10', Buffer.from('["day",{"a":1},[]]').toString('base64url'), 'A'.repeat(100_000)];
    for (const cursor of hostile) {
      await assert.rejects(the().listLive(cursor, 10), { code: 'SL-101' });
      await assert.rejects(the().listByDay('2026-01-01', null, cursor, 10), { code: 'SL-101' });
      await assert.rejects(the().listByPrefix('', cursor, 10), { code: 'SL-101' });
      await assert.rejects(the().listDays(cursor, 10), { code: 'SL-101' });
    }
    for (const limit of [0, -1, 1.5, Number.NaN]) await assert.rejects(the().listLive(null, limit), RangeError);
  });
}
