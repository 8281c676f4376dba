import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { collectGarbage, type Swept } from '../../../src/pipeline/collect-garbage.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { openLaptop } from '../../../src/roles/all-in-one.ts';
import { TINY_LADDER } from '../../crash/crash-run.ts';
import type { CliEnd } from '../../support/cli.ts';
import { type CliPlace, cliPlace, document, fileFacts, finishedReport } from '../../support/cli-place.ts';
import { type OddFfmpeg, oddFfmpeg } from '../../support/odd-ffmpeg.ts';
import { type SmallFilm, smallFilm } from '../../support/small-film.ts';

const LATER_MS = 24 * 3_600_000;

describe('commands on a finished title', { timeout: 300_000 }, () => {
  let film: SmallFilm;
  let odd: OddFfmpeg;
  let place: CliPlace;
  before(async () => {
    film = await smallFilm({ seconds: 10 });
    odd = await oddFfmpeg();
    place = await cliPlace(TINY_LADDER);
  });
  after(async () => {
    await place.remove();
    odd.remove();
    await film.remove();
  });

  /** `gc` as it will be when what is stored now is no longer too young to judge. */
  async function laterGc(): Promise<Swept> {
    const laptop = await openLaptop(place.stateDir);
    try {
      const clock: Clock = { nowMs: () => laptop.clock.nowMs() + LATER_MS, sleep: (ms, signal) => laptop.clock.sleep(ms, signal) };
      return await collectGarbage({ ...laptop, clock });
    } finally {
      laptop.close();
    }
  }

  test('gc beside a running encode takes nothing that it needs; afterwards it deletes what nothing refers to', async () => {
    odd.hold();
    const run = place.encode(film.path, { env: { SCENELINE_FFMPEG: odd.path } });
    try {
      await odd.reached();
      assert.ok((await laterGc()).kept > 0);
    } finally {
      odd.release();
    }
    const report = finishedReport(await run.end);
    assert.equal(report.cost.losses, 0);
    const swept = await laterGc();
    assert.ok(swept.objects > 0 && swept.bytes > 0 && swept.kept > 0);
    assert.equal((await laterGc()).objects, 0, 'the second time there is nothing left to delete');
    assert.deepEqual(fileFacts(finishedReport(await place.encode(film.path).end)), fileFacts(report), 'still finished');
  });

  /** `inspect --explain --sheet` of a border, for people and as JSON. */
  async function assertExplained(border: number): Promise<void> {
    const sheet = join(place.root, 'shots.png');
    const ask = ['inspect', film.path, '--explain', String(border), '--sheet', sheet];
    const { explanation, sheets } = document<{ explanation: { startsShot: boolean; statements: { speaks: string }[] }; sheets: { file: string }[] }>(
      await place.run([...ask, '--json']),
    );
    assert.ok(explanation.startsShot && explanation.statements.some(({ speaks }) => speaks === 'for'));
    assert.deepEqual(
      sheets.map(({ file }) => file),
      [sheet],
    );
    assert.equal((await readFile(sheet)).subarray(1, 4).toString('latin1'), 'PNG');
    const { stdout } = await place.run(ask);
    assert.match(stdout, new RegExp(`^Frame ${border} .*starts a shot`));
    assert.match(stdout, /Contact sheet: .*shots\.png \(all/);
    const beyond = await place.run(['inspect', film.path, '--explain', '99999', '--json']);
    assert.equal(beyond.code, 2, beyond.stderr);
  }

  test('--json prints one JSON document and nothing else on standard output', async () => {
    const title = finishedReport(await place.encode(film.path).end).title;
    const ask: Record<string, readonly string[]> = {
      inspect: ['inspect', film.path],
      verify: ['verify', place.outDir, '--against', film.path],
      titles: ['titles'],
      jobs: ['jobs', title],
      doctor: ['doctor'],
      gc: ['gc'],
    };
    const ends: Record<string, CliEnd> = {};
    for (const [name, args] of Object.entries(ask)) {
      ends[name] = await place.run([...args, '--json']);
      assert.equal(ends[name].code, 0, `${name}: ${ends[name].stderr}${ends[name].stdout}`);
    }
    const inspected = document<{ refused: boolean; inspection: { shots: { startFrame: number }[]; frameCount: number } }>(ends.inspect);
    assert.equal(inspected.refused, false);
    assert.ok(inspected.inspection.shots.length >= 3);
    await assertExplained(inspected.inspection.shots[1].startFrame);
    assert.equal(document<{ faults: unknown[] }>(ends.verify).faults.length, 0);
    assert.deepEqual(
      document<{ titles: { id: string; state: string }[] }>(ends.titles).titles.map(({ id, state }) => ({ id, state })),
      [{ id: title, state: 'published' }],
    );
    const { attempts } = document<{ attempts: { kind: string; outcome: string; frames: number }[] }>(ends.jobs);
    assert.ok(attempts.every((attempt) => attempt.outcome === 'done'));
    assert.ok(attempts.some((attempt) => attempt.kind === 'encode' && attempt.frames > 0));
    assert.equal(document<{ ready: boolean }>(ends.doctor).ready, true);
    assert.equal(document<Swept>(ends.gc).objects, 0, 'what is left is in use or young');
  });
});
