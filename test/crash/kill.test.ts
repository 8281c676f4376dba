import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { seededRandom } from '../support/mangle-text.ts';
import { type SmallFilm, smallFilm } from '../support/small-film.ts';
import { attemptLedger, ended, fileHashes, makePlace, type Place, removePlace, startEncode } from './crash-run.ts';

const RANDOM_KILLS = 25;

describe('kill -9', { timeout: 900_000 }, () => {
  let film: SmallFilm;
  let undisturbed: Place;
  let wanted: Record<string, string>;
  let effects: string[];
  let wallMs = 0;

  before(async () => {
    film = await smallFilm({ seconds: 20 });
    undisturbed = await makePlace(film.path);
    const startedMs = Date.now();
    const end = await ended(startEncode(undisturbed));
    wallMs = Date.now() - startedMs;
    assert.equal(end.code, 0, end.stderr);
    wanted = await fileHashes(undisturbed.order.outDir);
    effects = (await readFile(undisturbed.order.tracePath, 'utf8')).trim().split('\n');
  });
  after(async () => {
    await removePlace(undisturbed);
    await film.remove();
  });

  /** Goes on until nothing kills it any more and holds the outcome to the undisturbed run's. */
  async function finish(place: Place, kills: number): Promise<void> {
    const end = await ended(startEncode(place));
    assert.equal(end.code, 0, end.stderr);
    assert.deepEqual(await fileHashes(place.order.outDir), wanted);
    const ledger = await attemptLedger(place.order.stateDir);
    assert.deepEqual(ledger.repeated, [], 'nothing proven is encoded again');
    assert.equal(ledger.failed, 0, 'kills are losses, not failures');
    assert.ok(ledger.encodeAttempts - ledger.encodeJobs <= kills * place.order.workers, 'only chunks in flight are lost');
  }

  test(`at ${RANDOM_KILLS} random moments the bytes come out the same`, async () => {
    const random = seededRandom(20_261_122);
    let place = await makePlace(film.path);
    let kills = 0;
    let inThisTitle = 0;
    while (kills < RANDOM_KILLS) {
      const child = startEncode(place);
      const timer = setTimeout(() => child.kill('SIGKILL'), 150 + random() * wallMs * 0.8);
      const end = await ended(child);
      clearTimeout(timer);
      if (end.signal === 'SIGKILL') {
        kills++;
        inThisTitle++;
        continue;
      }
      assert.equal(end.code, 0, end.stderr);
      await finish(place, inThisTitle);
      await removePlace(place);
      place = await makePlace(film.path);
      inThisTitle = 0;
    }
    await finish(place, inThisTitle);
    await removePlace(place);
  });

  test('before and after every kind of effect the bytes come out the same', async () => {
    const counts = new Map<string, number>();
    for (const effect of effects) counts.set(effect, (counts.get(effect) ?? 0) + 1);
    const points = [...counts].flatMap(([name, count]) => ['before', 'after'].map((when) => `${name}/${Math.ceil(count / 2)}/${when}`));
    assert.ok(points.length >= 25, `only ${points.length} places to kill at`);
    let place = await makePlace(film.path);
    let killsHere = 0;
    for (const point of points) {
      let end = await ended(startEncode(place, point));
      if (end.signal !== 'SIGKILL') {
        assert.equal(end.code, 0, `${point}: ${end.stderr}`);
        await finish(place, killsHere);
        await removePlace(place);
        place = await makePlace(film.path);
        killsHere = 0;
        end = await ended(startEncode(place, point));
      }
      assert.equal(end.signal, 'SIGKILL', `${point} was not reached`);
      killsHere++;
    }
    await finish(place, killsHere);
    await removePlace(place);
  });
});
