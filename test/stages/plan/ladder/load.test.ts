import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ScenelineError } from '../../../../src/model/errors.ts';
import { DEFAULT_LADDER } from '../../../../src/stages/plan/ladder/default-ladder.ts';
import { loadLadder } from '../../../../src/stages/plan/ladder/load.ts';
import { requireEncoders } from '../../../../src/stages/plan/ladder/require-encoders.ts';
import { publishedSchemas } from '../../../../tools/write-schemas.ts';
import { seeded } from '../random-film.ts';

const RUNG = { name: '480p', boxPx: 480, crf: 22, maxrateKbps: 2200, bufsizeKbit: 4400 };

function refusal(json: string): string {
  let message = '';
  assert.throws(
    () => loadLadder(json),
    (error) => {
      assert.ok(error instanceof ScenelineError && error.code === 'SL-104', String(error));
      message = error.message;
      return true;
    },
  );
  return message;
}

const refusalOf = (...rungs: object[]) => refusal(JSON.stringify({ rungs }));

test('the default ladder is a ladder', () => {
  assert.deepEqual(loadLadder(JSON.stringify(DEFAULT_LADDER)), DEFAULT_LADDER);
});

test('what a rung leaves out is decided by its codec and size', () => {
  const json = JSON.stringify({ rungs: [RUNG, { ...RUNG, name: 'uhd', boxPx: 2160, codec: 'av1' }] });
  const [small, large] = loadLadder(`\uFEFF${json}`).rungs;
  assert.deepEqual(small, { ...RUNG, container: 'mp4', codec: 'h264', preset: 'medium' });
  assert.equal(large.preset, '6');
  assert.equal(loadLadder(json).audioKbpsPerChannel, 80);
});

test('every problem is named with its place', () => {
  const message = refusalOf(
    { ...RUNG, boxPx: 481, crf: 99, colour: 'red' },
    { ...RUNG, crf: 52, maxrateKbps: '2200' },
    { ...RUNG, name: 'x', codec: 'av1', container: 'm4v', preset: 'medium', bufsizeKbit: 50 },
  );
  for (const place of ['rungs[0].boxPx', 'rungs[0].crf', 'rungs[0]: Unrecognized key: "colour"', 'rungs[1].maxrateKbps', 'rungs[1].name: must be unique'])
    assert.ok(message.includes(place), message);
  for (const place of ['rungs[2].codec', 'rungs[2].preset', 'rungs[2].bufsizeKbit']) assert.ok(message.includes(place), message);
});

test('names that would clash with other files are refused', () => {
  assert.match(refusalOf({ ...RUNG, name: 'audio-eng' }), /rungs\[0\]\.name/);
  assert.match(refusalOf({ ...RUNG, name: '../x' }), /rungs\[0\]\.name/);
  assert.match(refusalOf({ ...RUNG, container: 'm4v' }), /rungs: must have an mp4 rung/);
});

test('HDR rungs need a codec with 10 bits and an SDR rung beside them', () => {
  const hdr = { ...RUNG, name: 'hdr', codec: 'h265', hdr: true };
  assert.deepEqual(loadLadder(JSON.stringify({ rungs: [RUNG, hdr] })).rungs[1], { ...hdr, container: 'mp4', preset: 'medium' });
  assert.match(refusalOf(RUNG, { ...hdr, codec: 'h264' }), /rungs\[1\]\.hdr: needs codec h265 or av1/);
  assert.match(refusalOf(hdr), /rungs: must have an mp4 rung without hdr/);
});

test('hostile text is refused, quickly and with a short message', () => {
  const texts = [
    '',
    'null',
    '[]',
    '{}',
    '{"rungs":[]}',
    '{"rungs":{"length":9}}',
    '{"rungs":[null,1,"x",[]]}',
    '"x"',
    '['.repeat(60_000),
    '['.repeat(30_000) + ']'.repeat(30_000),
  ];
  texts.push(JSON.stringify({ rungs: Array.from({ length: 2000 }, () => ({})) }));
  texts.push(JSON.stringify({ rungs: [RUNG], filler: 'x'.repeat(1 << 20) }));
  texts.push(JSON.stringify({ rungs: [RUNG] }).replace('{', '{"__proto__":{"rungs":[]},'));
  texts.push(JSON.stringify({ rungs: [RUNG] }).replace('"crf":22', '"crf":1e999'));
  for (const text of texts) assert.ok(refusal(text).length < 4000);
});

test('a ladder cut off anywhere is refused', () => {
  const text = JSON.stringify({ rungs: [RUNG] });
  for (let length = 0; length < text.length; length++) refusal(text.slice(0, length));
});

test('a damaged ladder is read as a ladder or refused, never anything else', () => {
  const text = JSON.stringify(DEFAULT_LADDER);
  const random = seeded(3);
  for (let i = 0; i < 2000; i++) {
    const at = Math.floor(random() * text.length);
    const damaged = text.slice(0, at) + String.fromCharCode(32 + Math.floor(random() * 95)) + text.slice(at + 1);
    try {
      loadLadder(damaged);
    } catch (error) {
      assert.ok(error instanceof ScenelineError && error.code === 'SL-104', String(error));
    }
  }
});

test('missing encoders are all named with the rungs that need them', () => {
  const ladder = { ...DEFAULT_LADDER, rungs: [...DEFAULT_LADDER.rungs, { ...DEFAULT_LADDER.rungs[0], name: 'hevc', codec: 'h265' as const }] };
  requireEncoders(ladder, new Set(['libx264', 'libx265', 'aac']));
  assert.throws(
    () => requireEncoders(ladder, new Set(['libx264'])),
    (error) => error instanceof ScenelineError && error.code === 'SL-103' && /libx265 \(for hevc\), aac \(for sound\)/.test(error.message),
  );
});

test('the published schemas are up to date: run node tools/write-schemas.ts', () => {
  for (const [file, text] of publishedSchemas()) {
    assert.equal(readFileSync(join(import.meta.dirname, '../../../../schemas', file), 'utf8'), text, file);
  }
});
