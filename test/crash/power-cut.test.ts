import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cutPower } from '../support/power-cut.ts';
import { type SmallFilm, smallFilm } from '../support/small-film.ts';
import { absentOrWhole, killAtEach, makePlace, type Outcome, type Place, undisturbed } from './crash-run.ts';

describe('a power cut', { timeout: 900_000 }, () => {
  let film: SmallFilm;
  let wanted: Outcome;

  before(async () => {
    film = await smallFilm({ seconds: 40 });
    wanted = await undisturbed(film.path);
  });
  after(() => film.remove());

  /** `luck`: the chance that what was never flushed is on the disk all the same. */
  async function cutAtEach(points: readonly string[], luck: number): Promise<string[]> {
    const gone: string[] = [];
    let seed = 1;
    const cut = async ({ order }: Place) => {
      const { root, path: journal } = order.journal!;
      const { lost, damaged } = await cutPower({ root, journal, seed: seed++, luck });
      gone.push(...lost, ...damaged);
      await absentOrWhole(order.outDir);
    };
    await killAtEach(points, wanted, () => makePlace(film.path, { forgetful: true }), cut);
    return gone;
  }

  const last = (name: string) => wanted.effects.filter((effect) => effect === name).length;

  test('that forgets all that was not flushed costs nothing that was recorded', async () => {
    const gone = await cutAtEach(
      [
        'queue.complete:scan/1/before',
        'queue.complete:inspect-range/1/after',
        'blobs.put/1/after',
        'blobs.putFile/1/before',
        'results.record/1/before',
        'results.record/1/after',
        'queue.complete:encode/1/after',
        'queue.complete:assemble/1/after',
        'queue.complete:package/1/before',
        'files.rename/1/before',
        'files.rename/1/after',
        'queue.complete:publish/1/before',
        'queue.complete:publish/1/after',
        `titles.update/${last('titles.update')}/after`,
      ],
      0,
    );
    assert.ok(gone.length > 0, 'something was forgotten');
  });

  test('that forgets one thing and keeps another neither', async () => {
    await cutAtEach(
      ['files.link/1/after', 'results.record/2/after', 'queue.complete:assemble/1/before', 'files.syncFolder/1/after', 'files.rename/1/after'],
      0.5,
    );
  });
});
