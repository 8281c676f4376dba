import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addSubtitles } from '../../../src/roles/cli/options.ts';

test('subtitles are taken in every language that manifests can name, and in no other', () => {
  for (const language of ['de', 'deu', 'und', 'UND', 'zh-Hant-TW', 'de-1901', 'es-419', 'en-x-plain'])
    assert.deepEqual(addSubtitles(`${language}=a=b.srt`), [{ language, path: 'a=b.srt' }]);
  for (const language of ['', 'd', 'german', 'de_AT', 'de-1901-1901', 'de-x', 'de-a-bb-a-cc'])
    assert.throws(() => addSubtitles(`${language}=a.srt`), {
      code: 'SL-101',
      message: `--subtitles takes LANG=FILE, as in de=film.de.srt, not "${language}=a.srt".`,
    });
});
