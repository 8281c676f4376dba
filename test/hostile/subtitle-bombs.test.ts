import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Finding } from '../../src/model/finding.ts';
import { TINY_LADDER } from '../crash/crash-run.ts';
import { type CliPlace, cliPlace, finishedReport } from '../support/cli-place.ts';
import { ffmpeg } from '../support/stage-context.ts';

const CUE = '00:00:00,100 --> 00:00:00,900';

/** All different: a demuxer drops the second of two that are alike. */
const cues = (count: number, text: string) => Array.from({ length: count }, (_, i) => `${i}\n${CUE}\n${i} ${text}\n\n`).join('');

/** Subtitles that ask for a lot, and whether the title has them. */
const BOMBS: readonly { readonly name: string; readonly isKept: boolean; readonly srt: () => string }[] = [
  { name: 'more than 64 MiB of text', isKept: false, srt: () => cues(1150, 'long words '.repeat(5500)) },
  { name: 'more than 200,000 texts', isKept: false, srt: () => cues(200_002, 'x') },
  { name: 'a million blanks in one line', isKept: true, srt: () => `1\n${CUE}\nx${' '.repeat(1_000_000)}x\n` },
  { name: 'marks that begin something, without end', isKept: true, srt: () => `1\n${CUE}\nx${'<{\\&#<b'.repeat(20_000)}\n` },
];

const makeFilm = (path: string, ...subtitles: readonly string[]) => {
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=1'];
  const inputs = subtitles.flatMap((file) => ['-i', file]);
  const maps = subtitles.flatMap((_, i) => ['-map', String(i + 1)]);
  return ffmpeg([...picture, ...inputs, '-map', '0', ...maps, '-c:v', 'libx264', '-preset', 'ultrafast', '-c:s', 'copy', path]);
};

describe('subtitles that ask for a lot', { timeout: 600_000 }, () => {
  let place: CliPlace;
  before(async () => {
    place = await cliPlace({ ...TINY_LADDER, rungs: TINY_LADDER.rungs.slice(1) });
  });
  after(() => place.remove());

  for (const [i, { name, isKept, srt }] of BOMBS.entries()) {
    test(`${name}: ${isKept ? 'kept' : 'left out, and the film is made'}`, async () => {
      const [text, film] = [join(place.root, `${i}.srt`), join(place.root, `${i}.mkv`)];
      writeFileSync(text, srt());
      await makeFilm(film, text);
      const report = finishedReport(await place.encode(film, { out: join(place.root, `out-${i}`) }).end);
      const said = (report.findings as Finding[]).filter(({ code }) => code === 'SL-232');
      assert.deepEqual([report.plan.text.length, said.length], isKept ? [1, 0] : [0, 1], JSON.stringify(said));
      const proof = await place.run(['verify', join(place.root, `out-${i}`), '--against', film]);
      assert.equal(proof.code, 0, proof.stdout + proof.stderr);
    });
  }

  test('a file of more than 16 MiB beside a film is refused before anything is done', async () => {
    const [text, film] = [join(place.root, 'large.srt'), join(place.root, 'large.mkv')];
    await makeFilm(film);
    writeFileSync(text, `1\n${CUE}\n${'x'.repeat(2 ** 24)}\n`);
    const end = await place.run(['encode', film, '--out', join(place.root, 'none'), '--subtitles', `de=${text}`]);
    assert.equal(end.code, 2, end.stderr);
    assert.match(end.stderr, /SL-117.*16777216/s);
  });
});
