import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanLabel, languageTag, menuLabels } from '../../../src/media/cmaf/labels.ts';
import { HOSTILE_TEXT } from '../../support/tracks.ts';

test('languages become the shortest BCP 47 tag, whatever was delivered', () => {
  for (const [delivered, tag] of [
    ['eng', 'en'],
    ['ger', 'de'],
    ['deu', 'de'],
    ['en-us', 'en-US'],
    ['und', 'und'],
    ['', 'und'],
    ['x"><y', 'und'],
    ['\u0000\u0000\u0000', 'und'],
    ['a'.repeat(1e6), 'und'],
  ]) {
    assert.equal(languageTag(delivered), tag);
  }
});

test('labels are one short printable line', () => {
  const label = cleanLabel(HOSTILE_TEXT);
  assert.doesNotMatch(label, /[\p{Cc}\u2028]/u);
  assert.ok(label.isWellFormed());
  assert.ok(label.includes('é日本'));
  assert.equal([...cleanLabel('😀'.repeat(1e5))].length, 120);
});

test('no two entries of a menu read the same', () => {
  const labels = menuLabels(
    [
      { language: 'eng', channels: 2 },
      { language: 'eng', channels: 6 },
      { language: 'und' },
      { language: 'ger', title: 'Kommentar' },
      { language: 'ger', title: 'Kommentar' },
      { title: 'Kommentar 2' },
    ],
    'Sound',
  );
  assert.deepEqual(labels, ['English (stereo)', 'English (5.1)', 'Sound', 'Kommentar', 'Kommentar 2', 'Kommentar 2 2']);
});
