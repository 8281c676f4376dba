import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseWebVtt } from '../../../src/media/webvtt/cues.ts';
import type { TextPlan } from '../../../src/model/plan.ts';
import { sidecarFindings, sidecarKey } from '../../../src/model/sidecar.ts';
import { sealSidecar } from '../../../src/stages/ingest/seal-sidecar.ts';
import { convertSidecar } from '../../../src/stages/package/sidecar-text.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { stageContext } from '../../support/stage-context.ts';

const SRT = '1\n00:00:01,000 --> 00:00:02,000\n{\\an8}Größe & <b>Mut</b>\n';
const TEXT: TextPlan = { streamIndex: null, sidecar: 0, name: 'text-de', language: 'de', title: '', isDefault: false, isForced: false };

test('a sealed file is needed no more, and becomes WebVTT at its own times', async (t) => {
  const folder = testFolder(t);
  const ctx = await stageContext(folder);
  const path = join(folder, 'film.de.txt');
  writeFileSync(path, Buffer.from(SRT, 'latin1'));
  const sidecar = await sealSidecar({ language: 'de', path }, ctx.blobs);
  assert.deepEqual([sidecar.form, sidecar.encoding, sidecar.isEncodingGuessed, sidecar.sizeBytes], ['subrip', 'windows-1252', true, SRT.length]);
  rmSync(path);
  assert.equal((await ctx.blobs.read(sidecarKey(sidecar.sha256))).byteLength, SRT.length);
  const made = await convertSidecar({ sidecar, text: TEXT, outKey: 'text/de.vtt' }, ctx);
  const cues = parseWebVtt(Buffer.from(await ctx.blobs.read(made.objectKey)).toString());
  assert.deepEqual(cues, [{ startMs: 1000, endMs: 2000, payload: 'Größe &amp; <b>Mut</b>', settings: 'line:0' }]);
  assert.equal(made.rendition.file, 'text-de.vtt');
});

test('a guess is said by name, UTF-8 needs no words', async (t) => {
  const folder = testFolder(t);
  const ctx = await stageContext(folder);
  const path = join(folder, 'a.srt');
  writeFileSync(path, Buffer.from(SRT, 'latin1'));
  const guessed = await sealSidecar({ language: 'de', path }, ctx.blobs);
  writeFileSync(path, SRT);
  const sure = await sealSidecar({ language: 'de', path }, ctx.blobs);
  assert.deepEqual(sidecarFindings([sure]), []);
  assert.deepEqual(sidecarFindings([sure, guessed]), [
    {
      code: 'SL-251',
      severity: 'warn',
      place: {},
      message: 'The subtitles a.srt (de) are not in UTF-8; they are read as windows-1252, which is a guess.',
    },
  ]);
});

test('what holds no subtitles is refused with the reason', async (t) => {
  const folder = testFolder(t);
  const { blobs } = await stageContext(folder);
  for (const [content, why] of [
    ['', /is no SubRip, WebVTT or ASS/],
    ['{1}{25}MicroDVD', /is no SubRip, WebVTT or ASS/],
    ['WEBVTT\n\nNOTE nothing\n', /has no subtitle in it/],
    ['a --> b', /is no SubRip, WebVTT or ASS/],
    ['1 --> 2', /has no subtitle in it/],
    [Buffer.alloc(1000, 0x1b), /is no SubRip/],
    [Buffer.alloc(16 * 1024 * 1024 + 1, 'a'), /at most 16777216 are read/],
    [`WEBVTT\n\n${'00:00.000 --> 00:01.000\na\n\n'.repeat(200_001)}`, /cannot be read \(WebVTT: too many cues\)/],
  ] as const) {
    const path = join(folder, 'x.srt');
    writeFileSync(path, content);
    await assert.rejects(sealSidecar({ language: 'en', path }, blobs), { code: 'SL-117', message: why });
  }
  await assert.rejects(sealSidecar({ language: 'en', path: join(folder, 'none.srt') }, blobs), { code: 'SL-117', message: /does not exist/ });
  await assert.rejects(sealSidecar({ language: 'en', path: folder }, blobs), { code: 'SL-117', message: /is no file/ });
});
