import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { seededRandom } from '../support/mangle-text.ts';
import { type SmallFilm, smallFilm } from '../support/small-film.ts';
import { absentOrWhole, ended, finish, killAtEach, makePlace, type Outcome, removePlace, startEncode, undisturbed } from './crash-run.ts';

const RANDOM_KILLS = 25;
/** A title is finished after so many kills, whether it came by itself or not. */
const KILLS_PER_TITLE = 9;
/** Effects after which something counts that did not count before. */
const SETTLES = /^(queue\.complete|results|titles|files\.(rename|link))/;

describe('kill -9', { timeout: 900_000 }, () => {
  let film: SmallFilm;
  let wanted: Outcome;

  before(async () => {
    film = await smallFilm({ seconds: 40 });
    wanted = await undisturbed(film.path);
  });
  after(() => film.remove());

  test(`at ${RANDOM_KILLS} random moments the bytes come out the same`, async () => {
    const random = seededRandom(20_261_122);
    let kills = 0;
    while (kills < RANDOM_KILLS) {
      const place = await makePlace(film.path);
      try {
        let killsHere = 0;
        let isOver = false;
        while (!isOver && killsHere < KILLS_PER_TITLE && kills < RANDOM_KILLS) {
          const child = startEncode(place);
          const timer = setTimeout(() => child.kill('SIGKILL'), wanted.wallMs * (0.1 + 0.5 * random()));
          const end = await ended(child);
          clearTimeout(timer);
          isOver = end.signal !== 'SIGKILL';
          if (isOver) assert.equal(end.code, 0, end.stderr);
          else {
            kills++;
            killsHere++;
            await absentOrWhole(place.order.outDir);
          }
        }
        await finish(place, wanted, killsHere);
      } finally {
        await removePlace(place);
      }
    }
  });

  test('at every kind of effect, and before and after the end of every kind of job, the bytes come out the same', async () => {
    const names = [...new Set(wanted.effects)];
    const steps = names.filter((name) => name.startsWith('queue.complete:')).length;
    assert.ok(steps >= 10, `only ${steps} kinds of job were done`);
    const points = names.flatMap((name, i) => {
      const moments = SETTLES.test(name) ? ['before', 'after'] : [i % 2 === 0 ? 'before' : 'after'];
      return moments.map((when) => `${name}/1/${when}`);
    });
    await killAtEach(
      points,
      wanted,
      () => makePlace(film.path),
      (place) => absentOrWhole(place.order.outDir),
    );
  });
});
