import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cliPlace, fileFacts, finishedReport } from '../support/cli-place.ts';
import { type SmallFilm, smallFilm } from '../support/small-film.ts';
import { attemptLedger, TINY_LADDER } from './crash-run.ts';

describe('two runs at the same time on one state folder', { timeout: 300_000 }, () => {
  let film: SmallFilm;

  before(async () => {
    film = await smallFilm({ seconds: 40, isColourful: true });
  });
  after(() => film.remove());

  test('share the work of one title: every chunk is encoded once', async () => {
    const place = await cliPlace(TINY_LADDER);
    try {
      const ends = await Promise.all([place.encode(film.path, { workers: 1 }).end, place.encode(film.path, { workers: 1 }).end]);
      const [one, two] = ends.map(finishedReport);
      assert.deepEqual(one, two);
      assert.ok(one.chunks.length > 1);
      assert.equal(one.cost.framesEncoded, one.source.frames);
      assert.equal(one.cost.losses, 0);
      const ledger = await attemptLedger(place.stateDir);
      assert.deepEqual(ledger, { failed: 0, lost: 0, repeated: [], encodeAttempts: one.chunks.length, encodeJobs: one.chunks.length });
    } finally {
      await place.remove();
    }
  });

  test('for two folders encode each chunk of their source once', async () => {
    const place = await cliPlace(TINY_LADDER);
    try {
      const folders = ['one', 'two'].map((name) => join(place.root, name));
      const ends = await Promise.all(folders.map((out) => place.encode(film.path, { out, workers: 1 }).end));
      const [one, two] = ends.map(finishedReport);
      assert.deepEqual(fileFacts(one), fileFacts(two));
      assert.equal(one.cost.framesEncoded + two.cost.framesEncoded, one.source.frames);
      assert.equal(one.cost.framesReused + two.cost.framesReused, one.source.frames);
    } finally {
      await place.remove();
    }
  });
});
