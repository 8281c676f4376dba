import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Evidence } from '../../src/model/job.ts';
import type { Report } from '../../src/model/report.ts';
import { openLaptop } from '../../src/roles/all-in-one.ts';
import { type CliPlace, cliPlace, document, fileFacts, finishedReport } from '../support/cli-place.ts';
import { folderHashes } from '../support/folder-hashes.ts';
import { type Fault, type OddFfmpeg, oddFfmpeg } from '../support/odd-ffmpeg.ts';
import { type SmallFilm, smallFilm } from '../support/small-film.ts';
import { attemptLedger, ended, makePlace, removePlace, startEncode, TINY_LADDER } from './crash-run.ts';

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const SILENCE_MS = 3000;

type Failed = { title: string; state: string; failedJob: string; evidence: Evidence };

describe('a media tool that goes wrong', { timeout: 600_000 }, () => {
  let film: SmallFilm;
  let odd: OddFfmpeg;
  let wanted: Report;

  before(async () => {
    film = await smallFilm({ seconds: 10 });
    odd = await oddFfmpeg();
    const place = await cliPlace(TINY_LADDER);
    wanted = finishedReport(await place.encode(film.path).end);
    await place.remove();
  });
  after(async () => {
    odd.remove();
    await film.remove();
  });

  const env = () => ({ SCENELINE_FFMPEG: odd.path });

  test('and hangs is killed when it shows no sign of life, and the job done again', async () => {
    odd.breakNext(1, 'hang');
    const place = await makePlace(film.path, { silenceMs: SILENCE_MS });
    try {
      const end = await ended(startEncode(place, null, env()));
      assert.equal(end.code, 0, end.stderr);
      assert.deepEqual(await folderHashes(place.order.outDir), fileFacts(wanted));
      assert.equal((await attemptLedger(place.order.stateDir)).failed, 1);
    } finally {
      await removePlace(place);
    }
  });

  for (const fault of ['garbage', 'swap'] as const) {
    test(`and does "${fault}" twice costs two attempts`, async () => {
      const place = await cliPlace(TINY_LADDER);
      try {
        odd.breakNext(2, fault);
        const report = finishedReport(await place.encode(film.path, { env: env() }).end);
        assert.deepEqual(fileFacts(report), fileFacts(wanted));
        assert.equal(report.cost.attempts, wanted.cost.attempts + 2);
      } finally {
        await place.remove();
      }
    });
  }

  /** Three failures, the evidence, and `retry` once the tool is mended. */
  async function parks(fault: Fault, check: (evidence: Evidence, place: CliPlace) => void | Promise<void>): Promise<void> {
    const place = await cliPlace(TINY_LADDER);
    try {
      odd.breakNext(20, fault);
      const end = await place.encode(film.path, { env: env() }).end;
      assert.equal(end.code, 4, end.stderr);
      const failed = document<Failed>(end);
      assert.equal(failed.state, 'failed');
      assert.match(failed.failedJob, /\/encode\//);
      assert.match(end.stderr, new RegExp(`${failed.evidence.code} .*\n`));
      assert.ok(end.stderr.includes(`sceneline retry ${failed.title}`), end.stderr);
      await check(failed.evidence, place);
      const retry = () => place.run(['retry', failed.title, '--json'], env());
      if (fault === 'fail') assert.equal((await retry()).code, 4, 'nothing was mended yet');
      odd.mend();
      const mended = finishedReport(await retry());
      assert.deepEqual(fileFacts(mended), fileFacts(wanted));
    } finally {
      await place.remove();
    }
  }

  const hasCommand = (evidence: Evidence) => {
    assert.equal(evidence.command?.[0], odd.path);
    assert.ok(evidence.command?.includes('libx264'));
  };

  test('and fails three times ends the title with its command, status and last words', () =>
    parks('fail', (evidence) => {
      assert.equal(evidence.code, 'SL-301');
      hasCommand(evidence);
      assert.equal(evidence.exitStatus, 'exit 7');
      assert.match(evidence.stderrTail ?? '', /the wheel came off/);
    }));

  test('and says all is well but writes nothing ends the title with the first frame that is missing', () =>
    parks('silent', (evidence) => {
      assert.equal(evidence.code, 'SL-303');
      hasCommand(evidence);
      assert.equal(evidence.exitStatus, 'exit 0');
      assert.ok(wanted.chunks.some((chunk) => chunk.startFrame === evidence.firstBadFrame));
    }));

  test('and says all is well but writes short files ends the title', () =>
    parks('short', (evidence) => {
      assert.equal(evidence.code, 'SL-302');
      hasCommand(evidence);
      assert.equal(evidence.exitStatus, 'exit 0');
    }));

  for (const fault of ['swap', 'reverse'] as const) {
    test(`and does "${fault}" with the pictures ends the title with the first bad frame and both pictures`, () =>
      parks(fault, async (evidence, place) => {
        assert.equal(evidence.code, 'SL-302');
        hasCommand(evidence);
        assert.ok(evidence.firstBadFrame !== undefined && evidence.firstBadFrame < wanted.source.frames);
        const pictures = evidence.objectKeys?.filter((key) => key.endsWith('.png')) ?? [];
        assert.equal(pictures.length, 2);
        const laptop = await openLaptop(place.stateDir);
        try {
          const bytes = await Promise.all(pictures.map((key) => laptop.blobs.read(key)));
          for (const picture of bytes) assert.deepEqual(Buffer.from(picture.subarray(0, 8)), PNG);
          assert.notDeepEqual(bytes[0], bytes[1]);
        } finally {
          laptop.close();
        }
      }));
  }
});
