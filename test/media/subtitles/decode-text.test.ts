import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAs, decodeText } from '../../../src/media/subtitles/decode-text.ts';
import { readSubtitles, SUBTITLE_FORMS, subtitleForm } from '../../../src/media/subtitles/read.ts';
import { seededRandom } from '../../support/mangle-text.ts';

/** A text in an encoding that only decoders know: every character by the bytes that decode to it. */
function encoded(text: string, encoding: string): Uint8Array {
  const decoder = new TextDecoder(encoding);
  const bytesOf = new Map<string, number[]>();
  for (let a = 0; a < 256; a++) bytesOf.set(decoder.decode(Uint8Array.of(a)), [a]);
  for (let a = 0x81; a < 256; a++)
    for (let b = 0x40; b < 256; b++) {
      const pair = decoder.decode(Uint8Array.of(a, b));
      if ([...pair].length === 1 && !bytesOf.has(pair)) bytesOf.set(pair, [a, b]);
    }
  return Uint8Array.from([...text].flatMap((character) => bytesOf.get(character) ?? assert.fail(`${encoding} has no ${character}`)));
}

const utf16 = (text: string) => Uint8Array.from(Buffer.from(text, 'utf16le'));
const swapped = (bytes: Uint8Array) => Uint8Array.from(Buffer.from(bytes).swap16());

test('marks and valid UTF-8 are no guess, and the mark is no text', () => {
  const text = 'Grüße, Привет, 日本';
  for (const [bytes, encoding] of [
    [Buffer.from(text), 'utf-8'],
    [Buffer.from(`\ufeff${text}`), 'utf-8'],
    [utf16(`\ufeff${text}`), 'utf-16le'],
    [swapped(utf16(`\ufeff${text}`)), 'utf-16be'],
  ] as const)
    assert.deepEqual(decodeText(bytes, 'de'), { text, encoding, isGuess: false });
  assert.deepEqual(decodeText(Buffer.from('plain'), 'ru'), { text: 'plain', encoding: 'utf-8', isGuess: false });
  assert.deepEqual(decodeText(new Uint8Array(), 'en'), { text: '', encoding: 'utf-8', isGuess: false });
});

test('UTF-16 without a mark is seen by its zeros', () => {
  for (const text of ['1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\n', '1\r\n00:00:01,000 --> 00:00:02,000\r\nДобрый вечер, товарищи\r\n']) {
    assert.deepEqual(decodeText(utf16(text), 'en'), { text, encoding: 'utf-16le', isGuess: true });
    assert.deepEqual(decodeText(swapped(utf16(text)), 'en'), { text, encoding: 'utf-16be', isGuess: true });
  }
});

test('other encodings are guessed by language and by what makes a text', () => {
  for (const [language, encoding, text] of [
    ['de', 'windows-1252', 'Größe „Übermut“ – schön'],
    ['ger', 'windows-1252', 'Größe'],
    ['fr-CA', 'windows-1252', 'Où est-il allé ? « Là-bas »'],
    ['pl', 'windows-1250', 'Zażółć gęślą jaźń'],
    ['pl', 'iso-8859-2', 'Zażółć gęślą jaźń, mówi śpiąc'],
    ['ru', 'windows-1251', 'Добрый вечер, товарищи'],
    ['rus', 'koi8-r', 'Добрый вечер, товарищи'],
    ['ru', 'ibm866', 'Добрый вечер, товарищи'],
    ['el', 'windows-1253', 'Καλησπέρα σας'],
    ['tr', 'windows-1254', 'İyi akşamlar, nasılsınız'],
    ['he', 'windows-1255', 'ערב טוב'],
    ['ar', 'windows-1256', 'مساء الخير'],
    ['th', 'windows-874', 'สวัสดี'],
    ['ja', 'shift_jis', 'こんばんは、世界'],
    ['ja', 'euc-jp', 'こんばんは、世界'],
    ['zh-TW', 'big5', '晚安世界'],
    ['ko', 'euc-kr', '안녕하세요'],
    ['zh', 'gb18030', '晚上好'],
  ] as const) {
    const bytes = encoded(text, encoding);
    assert.deepEqual(decodeText(bytes, language), { text, encoding, isGuess: true }, `${language} ${encoding}`);
    assert.equal(decodeAs(bytes, encoding), text);
  }
});

test('forms are known by what is in a file', () => {
  for (const [text, form] of [
    ['WEBVTT\n\n', 'webvtt'],
    ['\ufeffWEBVTT - x', 'webvtt'],
    ['WEBVTTX', null],
    ['\n[Script Info]\n', 'ass'],
    ['1\n00:00:01,000 --> 00:00:02,000\na', 'subrip'],
    ['{1}{25}MicroDVD', null],
    ['', null],
  ] as const)
    assert.equal(subtitleForm(text), form, text);
});

test('any bytes become some text, and no text is worse than refused', () => {
  const random = seededRandom(11);
  for (let i = 0; i < 400; i++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256));
    for (const language of ['en', 'ru', 'zh', 'ja', 'x', '', '\u0000', 'a'.repeat(1000), '../..']) {
      const { text, encoding } = decodeText(bytes, language);
      assert.equal(decodeAs(bytes, encoding), text);
      for (const form of SUBTITLE_FORMS) {
        try {
          readSubtitles(text, form);
        } catch (error) {
          assert.ok(error instanceof RangeError);
        }
      }
    }
  }
});
