import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TINY_LADDER } from '../crash/crash-run.ts';
import { folderHashes } from '../support/folder-hashes.ts';
import { type SmallFilm, smallFilm } from '../support/small-film.ts';
import { ClusterPlace, clusterMissing } from './cluster-place.ts';
import { Crew } from './crew.ts';

describe('a title on a cluster', { skip: clusterMissing() ?? false }, () => {
  let place: ClusterPlace;
  let film: SmallFilm;

  before(async () => {
    [place, film] = await Promise.all([ClusterPlace.start(), smallFilm({ seconds: 60 })]);
  });
  after(async () => {
    await place?.stop();
    await film?.remove();
  });

  it('is byte for byte what one machine makes', async () => {
    const ladder = await place.ladder(TINY_LADDER);
    const crew = new Crew();
    for (const label of ['control 1', 'control 2']) crew.add('control', label, place.start(['control']));
    const workers = [1, 2, 3, 4].map((n) => crew.add('worker', `worker ${n}`, place.start(['worker', '--slots', '1'])));
    await crew.until('every worker is there', () => workers.every((worker) => worker.said('worker is there')));
    const waited = await place.run(['submit', film.path, '--title', 'film', '--ladder', ladder, '--wait', '--json']);
    assert.equal(waited.code, 0, waited.stderr);
    const fetched = await place.run(['fetch', 'film', '--out', join(place.root, 'fetched')]);
    assert.equal(fetched.code, 0, fetched.stderr);
    const embedded = await place.encode(film.path, ladder, join(place.root, 'embedded'));
    assert.equal(embedded.code, 0, embedded.stderr);
    assert.deepEqual(await folderHashes(join(place.root, 'fetched')), await folderHashes(join(place.root, 'embedded')));
  });
});
