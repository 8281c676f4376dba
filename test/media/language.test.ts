import assert from 'node:assert/strict';
import { test } from 'node:test';
import { terminologyLanguage } from '../../src/media/language.ts';

test('tags and codes become the three letters of a media header', () => {
  const cases = { en: 'eng', eng: 'eng', 'de-CH': 'deu', ger: 'deu', fre: 'fra', zh_Hant: 'zho', yue: 'yue', '': 'und', und: 'und', x1: 'und', klingon: 'und' };
  for (const [tag, code] of Object.entries(cases)) assert.equal(terminologyLanguage(tag), code, tag);
});

test('the two-letter codes agree with the runtime', () => {
  for (const tag of [
    'aa',
    'cs',
    'cy',
    'el',
    'eu',
    'fa',
    'hy',
    'is',
    'ka',
    'mk',
    'mi',
    'ms',
    'my',
    'nl',
    'ro',
    'sk',
    'sq',
    'bo',
    'zu',
    'nb',
    'gd',
    'rm',
    'ii',
    'ha',
  ]) {
    assert.equal(Intl.getCanonicalLocales(terminologyLanguage(tag))[0], tag);
  }
});
