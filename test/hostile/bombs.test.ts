import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TINY_LADDER } from '../crash/crash-run.ts';
import { cliPlace, document, finishedReport } from '../support/cli-place.ts';
import { BOMBS, type Bomb } from './bombs.ts';
import { judgeFile } from './judge-file.ts';
import { tinyFilm } from './tiny-film.ts';

describe('small files that ask for a lot', { timeout: 1_200_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sceneline-bombs-'));
  let film: Buffer;
  after(() => rmSync(folder, { recursive: true, force: true }));
  before(async () => {
    film = await tinyFilm(folder);
  });

  const lay = async (bomb: Bomb, own: string) => {
    mkdirSync(own);
    const path = join(own, bomb.fileName);
    writeFileSync(path, await bomb.content(film, own));
    if (bomb.sparseBytes) truncateSync(path, bomb.sparseBytes);
    return path;
  };

  for (const [i, bomb] of BOMBS.entries()) {
    test(`${bomb.name}: ${bomb.refusedBy.length > 0 ? 'refused in words' : 'bounded'}`, async () => {
      const own = join(folder, String(i));
      const { refusals, findings } = await judgeFile(join(own, 'inspection'), await lay(bomb, own));
      if (bomb.refusedBy.length === 0) assert.deepEqual(refusals, []);
      else
        assert.ok(
          refusals.some((code) => bomb.refusedBy.includes(code)),
          `${refusals.join()} of ${bomb.refusedBy.join()}`,
        );
      for (const { message } of findings) assert.ok(message.length < 2000, `${message.length} letters`);
      rmSync(own, { recursive: true });
    });
  }

  test('another title beside them is made', async () => {
    const place = await cliPlace(TINY_LADDER);
    try {
      const good = join(place.root, 'good.mp4');
      writeFileSync(good, film);
      const bombs = BOMBS.filter(({ name }) => name === 'ten thousand tracks' || name === 'a tag of a gigabyte' || name === 'a million pictures a second');
      const paths = await Promise.all(bombs.map((bomb, i) => lay(bomb, join(place.root, `bomb-${i}`))));
      const ends = await Promise.all([good, ...paths].map((path, i) => place.encode(path, { out: join(place.root, `out-${i}`) }).end));
      assert.notEqual(finishedReport(ends[0]).renditions.length, 0);
      for (const [i, end] of ends.slice(1).entries()) {
        if (bombs[i].refusedBy.length === 0) continue;
        assert.equal(end.code, 3, `${bombs[i].name}: ${end.stderr}`);
        assert.equal(document<{ state: string }>(end).state, 'refused');
      }
    } finally {
      await place.remove();
    }
  });
});
