import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TINY_LADDER } from '../../crash/crash-run.ts';
import { type CliPlace, cliPlace, document, finishedReport } from '../../support/cli-place.ts';
import { type SmallFilm, smallFilm } from '../../support/small-film.ts';

type Found = { readonly findings: readonly { readonly code: string; readonly severity: string }[] };

describe('--strict', { timeout: 300_000 }, () => {
  let film: SmallFilm;
  let place: CliPlace;
  before(async () => {
    film = await smallFilm({ seconds: 12 });
    place = await cliPlace(TINY_LADDER);
    const file = await open(film.path, 'r+');
    const { size } = await file.stat();
    const noise = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 151 + 7) % 256));
    await file.write(noise, 0, noise.length, Math.floor(size / 2));
    await file.close();
  });
  after(async () => {
    await place.remove();
    await film.remove();
  });

  const severityOf = ({ findings }: Found) => findings.find(({ code }) => code === 'SL-234' || code === 'SL-235')?.severity;

  test('refuses what is repaired without it, and the other way round when it is asked again', async () => {
    const inspected = await Promise.all([[], ['--strict']].map((strict) => place.run(['inspect', film.path, '--json', ...strict])));
    assert.deepEqual(
      inspected.map((end) => [end.code, severityOf(document<Found>(end))]),
      [
        [0, 'warn'],
        [3, 'refuse'],
      ],
    );
    const encode = ['encode', film.path, '--out', place.outDir, '--ladder', join(place.root, 'ladder.json'), '--json'];
    const refused = await place.run([...encode, '--strict']);
    assert.equal(refused.code, 3, refused.stderr);
    assert.equal(severityOf(document<Found>(refused)), 'refuse');
    const repaired = await place.run(encode);
    assert.match(repaired.stderr, /What is done about damage changed since the last run/);
    assert.equal(severityOf(finishedReport(repaired)), 'warn');
  });
});
