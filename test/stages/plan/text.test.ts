import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TextTrack } from '../../../src/model/source.ts';
import { languageSlug, normaliseLanguage } from '../../../src/stages/plan/language.ts';
import { planText } from '../../../src/stages/plan/text.ts';
import { SIDECAR } from '../../pipeline/samples.ts';

const track = (streamIndex: number, changes: Partial<TextTrack> = {}): TextTrack => ({
  ...{ streamIndex, codec: 'subrip', language: 'eng', title: '', isDefault: false, isForced: false },
  ...changes,
});

test('text tracks become renditions with names of their own, bitmaps stay behind', () => {
  const planned = planText([
    track(2),
    track(3, { codec: 'hdmv_pgs_subtitle', isDefault: true }),
    track(4, { codec: 'ass', language: 'spa', isDefault: true }),
    track(5, { isForced: true, isDefault: true }),
    track(6, { codec: 'mov_text' }),
    track(7, { codec: 'dvd_subtitle' }),
  ]);
  assert.deepEqual(
    planned.map(({ streamIndex, name, language, isDefault, isForced }) => [streamIndex, name, language, isDefault, isForced]),
    [
      [2, 'text-eng', 'en', false, false],
      [4, 'text-spa', 'es', true, false],
      [5, 'text-eng-forced', 'en', false, true],
      [6, 'text-eng-2', 'en', false, false],
    ],
  );
});

test('roles, forms and sidecars are planned; sidecars come last and are never the default', () => {
  const planned = planText(
    [track(2, { role: 'captions' }), track(3, { codec: 'ass' }), track(4, { codec: 'webvtt', role: 'commentary' })],
    [SIDECAR, { ...SIDECAR, language: 'eng' }],
  );
  assert.deepEqual(
    planned.map(({ streamIndex, sidecar, name, form, role, isDefault }) => [streamIndex, sidecar, name, form, role, isDefault]),
    [
      [2, undefined, 'text-eng-sdh', undefined, 'captions', false],
      [3, undefined, 'text-eng', 'ass', undefined, false],
      [4, undefined, 'text-eng-comm', 'webvtt', 'commentary', false],
      [null, 0, 'text-de', undefined, undefined, false],
      [null, 1, 'text-eng-2', undefined, undefined, false],
    ],
  );
});

test('languages are given as BCP 47 has them', () => {
  const wanted = { eng: 'en', ger: 'de', deu: 'de', fre: 'fr', chi: 'zh', EN_us: 'en-US', 'pt-br': 'pt-BR', yue: 'yue', und: 'und', ' swe ': 'sv' };
  for (const [delivered, tag] of Object.entries(wanted)) assert.equal(normaliseLanguage(delivered), tag);
});

test('what is not a language becomes und', () => {
  for (const delivered of ['', 'English', 'e', '12', 'en-', 'en--us', '"><script>', 'x'.repeat(10_000), 'en-u-u', '\u0000']) {
    assert.equal(normaliseLanguage(delivered), 'und', delivered);
  }
});

test('slugs hold nothing but lower case letters, digits and single dashes', () => {
  assert.equal(languageSlug('en_US'), 'en-us');
  for (const delivered of ['', '///', '日本語', '-a-', '../../x', 'a'.repeat(99)]) assert.match(languageSlug(delivered), /^[a-z0-9]+(-[a-z0-9]+)*$/);
});
