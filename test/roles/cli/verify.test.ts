import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../../support/cli.ts';
import { smallFilm } from '../../support/small-film.ts';

test('a folder that is no title fails its proof with SL-306', async () => {
  const film = await smallFilm({ seconds: 3 });
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-verify-'));
  try {
    const end = await runCli(['verify', folder, '--against', film.path]);
    assert.equal(end.code, 4);
    assert.match(end.stderr, /SL-306/);
  } finally {
    await film.remove();
    await rm(folder, { recursive: true });
  }
});
