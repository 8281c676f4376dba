import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { type Database, openDatabase } from '../../../src/adapters/embedded/database.ts';
import { MIGRATIONS } from '../../../src/adapters/embedded/migrations.ts';
import { SqliteTitleStore } from '../../../src/adapters/embedded/sqlite-title-store.ts';
import { ManualClock } from '../../contract/manual-clock.ts';
import { event, title } from '../../contract/samples.ts';
import { unprivileged } from '../../support/unprivileged.ts';
import { startScript } from './child.ts';
import { type TempFolder, tempFolder } from './temp-folder.ts';

const BUSY = Object.assign(new Error('database is locked'), { errcode: 5 });

describe('openDatabase', () => {
  let folder: TempFolder;
  const clock = new ManualClock();
  const opened: Database[] = [];
  before(async () => {
    folder = await tempFolder();
  });
  after(async () => {
    for (const db of opened) db.close();
    await folder.remove();
  });
  const open = async (path: string) => {
    const db = await openDatabase(path, clock);
    opened.push(db);
    return db;
  };

  it('makes the folder and the schema once, with a log written ahead and every commit flushed', async () => {
    const path = join(folder.path, 'new/deep/state.db');
    const db = await open(path);
    const pragma = (name: string) => Object.values(db.read(() => db.sql(`PRAGMA ${name}`).get()!))[0];
    assert.deepEqual(['journal_mode', 'synchronous', 'foreign_keys', 'user_version'].map(pragma), ['wal', 2, 1, MIGRATIONS.length]);
    assert.equal(await new SqliteTitleStore(db).create(title('a'), []), true);
    assert.equal((await new SqliteTitleStore(await open(path)).get('a'))?.id, 'a');
    assert.ok((await readdir(dirname(path))).every((name) => /^state\.db(-wal|-shm)?$/.test(name)));
  });

  it('keeps everything in memory when told so', async () => {
    const store = new SqliteTitleStore(await open(':memory:'));
    assert.equal(await store.create(title('a'), []), true);
    assert.equal(await new SqliteTitleStore(await open(':memory:')).get('a'), null);
  });

  it('rolls back a transaction that throws', async () => {
    const db = await open(join(folder.path, 'rollback.db'));
    const failing = db.write(() => {
      db.sql("INSERT INTO event (id, body) VALUES ('x', '{}')").run();
      throw new RangeError('no');
    });
    await assert.rejects(failing, RangeError);
    assert.deepEqual(
      db.read(() => db.sql('SELECT * FROM event').all()),
      [],
    );
  });

  it('tries again while the database is busy, and gives up with SL-106', async () => {
    const db = await open(join(folder.path, 'busy.db'));
    let calls = 0;
    const value = await db.write(() => {
      calls += 1;
      if (calls < 4) throw BUSY;
      return calls;
    });
    assert.equal(value, 4);
    const stuck = db.write(() => {
      throw BUSY;
    });
    await assert.rejects(stuck, { code: 'SL-106' });
  });

  it('waits for a writer in another process', async () => {
    const path = join(folder.path, 'shared.db');
    const db = await open(path);
    const holder = startScript('hold-lock.ts', [path, '300']);
    try {
      assert.equal(await holder.line(), 'locked');
      const seen: unknown[][] = [];
      await db.write(() => {
        const events = db.sql('SELECT id FROM event').all();
        seen.push(events.map((row) => row.id));
        db.sql("INSERT INTO event (id, body) VALUES ('mine', '{}')").run();
      });
      assert.deepEqual(seen, [['theirs']], 'the work starts once, when it may write');
    } finally {
      await holder.end();
    }
  });

  it('says SL-106 where it cannot be made or written', async () => {
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    await mkdir(join(folder.path, 'folder.db'));
    for (const path of [join(file, 'state.db'), join(file, 'deep/state.db'), join(folder.path, 'folder.db')]) {
      await assert.rejects(openDatabase(path, clock), { code: 'SL-106' }, path);
    }
  });

  it('names the row that is damaged in a whole database (SL-906)', async () => {
    const db = await open(join(folder.path, 'rows.db'));
    const store = new SqliteTitleStore(db);
    await store.create(title('whole'), []);
    await store.create(title('bad'), [event('e1')]);
    for (const body of ['{nope', '{}', 'null', '[]', JSON.stringify(title('other')), JSON.stringify({ ...title('bad'), order: null })]) {
      await db.write(() => db.sql("UPDATE title SET body = ? WHERE id = 'bad'").run(body));
      await assert.rejects(store.get('bad'), { code: 'SL-906', message: 'The row of title bad is damaged.' }, body);
      await assert.rejects(store.listLive(null, 10), { code: 'SL-906' }, body);
    }
    assert.equal((await store.get('whole'))?.id, 'whole');
    await db.write(() => db.sql("UPDATE outbox SET body = '{'").run());
    await assert.rejects(store.pendingEvents(10), { code: 'SL-906', message: 'The row of event e1 is damaged.' });
  });

  it('says SL-106 for a folder or database that is read-only', async () => {
    const closed = join(folder.path, 'closed');
    const path = join(closed, 'state.db');
    (await openDatabase(path, clock)).close();
    await chmod(folder.path, 0o755);
    await chmod(path, 0o444);
    await chmod(closed, 0o555);
    try {
      await unprivileged(async () => {
        await assert.rejects(openDatabase(join(closed, 'other.db'), clock), { code: 'SL-106' });
        await assert.rejects(openDatabase(join(closed, 'new/state.db'), clock), { code: 'SL-106' });
        await assert.rejects(
          openDatabase(path, clock).then((db) => new SqliteTitleStore(db).create(title('a'), [])),
          { code: 'SL-106' },
        );
      });
    } finally {
      await chmod(closed, 0o755);
    }
  });

  it('refuses the database of a newer version', async () => {
    const path = join(folder.path, 'newer.db');
    (await openDatabase(path, clock)).close();
    const raw = new DatabaseSync(path);
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    await assert.rejects(openDatabase(path, clock), { code: 'SL-109' });
  });

  it('says SL-906 for what is no database', async () => {
    const path = join(folder.path, 'damaged.db');
    await writeFile(path, 'this was a database once '.repeat(1000));
    await assert.rejects(openDatabase(path, clock), { code: 'SL-906' });
  });
});
