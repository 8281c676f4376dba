import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Report } from '../../src/model/report.ts';
import type { CliRun } from '../support/cli.ts';
import { type CliPlace, cliPlace, document, fileFacts, finishedReport } from '../support/cli-place.ts';
import { until } from '../support/poll.ts';
import { processesNaming } from '../support/processes.ts';
import { type SmallFilm, smallFilm } from '../support/small-film.ts';
import { TINY_LADDER } from './crash-run.ts';

/** A media process ends when asked, or is killed after two seconds. */
const STOP_LIMIT_MS = 10_000;

describe('a run that is stopped', { timeout: 300_000 }, () => {
  let film: SmallFilm;
  let wanted: Report;

  before(async () => {
    film = await smallFilm({ seconds: 20 });
    const place = await cliPlace(TINY_LADDER);
    wanted = finishedReport(await place.encode(film.path).end);
    await place.remove();
  });
  after(() => film.remove());

  const encodes = (place: CliPlace) => [...processesNaming(`${place.stateDir}/scratch`).values()].some((command) => command.includes('libx264'));

  async function whileItEncodes(work: (place: CliPlace, run: CliRun) => Promise<void>): Promise<void> {
    const place = await cliPlace(TINY_LADDER);
    const run = place.encode(film.path);
    try {
      await until('an encode', () => encodes(place));
      await work(place, run);
      const report = finishedReport(await place.encode(film.path).end);
      assert.deepEqual(fileFacts(report), fileFacts(wanted));
    } finally {
      run.child.kill('SIGKILL');
      await run.end;
      await place.remove();
    }
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`by ${signal} ends soon with 130, says how to go on and leaves no process; the same command finishes`, () =>
      whileItEncodes(async (place, run) => {
        const askedMs = Date.now();
        run.child.kill(signal);
        const end = await run.end;
        assert.ok(Date.now() - askedMs < STOP_LIMIT_MS);
        assert.equal(end.code, 130, end.stderr);
        assert.match(end.stderr, /Run the same command again/);
        assert.equal(document<{ error: { code: string } }>(end).error.code, 'SL-130');
        assert.deepEqual([...processesNaming(place.root)], []);
      }));
  }

  test('by SIGKILL leaves no process either', () =>
    whileItEncodes(async (place, run) => {
      run.child.kill('SIGKILL');
      assert.equal((await run.end).signal, 'SIGKILL');
      await until('the end of all its processes', () => processesNaming(place.root).size === 0, STOP_LIMIT_MS);
    }));
});
