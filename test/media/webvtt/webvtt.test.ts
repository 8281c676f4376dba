import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWebVtt, writeWebVtt } from '../../../src/media/webvtt/cues.ts';
import { cleanPayload, normaliseCues } from '../../../src/media/webvtt/normalise.ts';
import { cleanSettings, settingsOfPlace } from '../../../src/media/webvtt/settings.ts';
import { mangledTexts, seededRandom } from '../../support/mangle-text.ts';
import { checkProportion } from '../../support/proportion.ts';
import { HOSTILE_TEXT } from '../../support/tracks.ts';

const STANDARD = `\ufeffWEBVTT - a title
X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000

STYLE
::cue { color: red }

NOTE a comment
over two lines

intro
00:01.000 --> 00:02.500 align:start line:0
Hello
there

100:00:00.000 --> 100:00:01.000
Late
`;

test('cues of a standard file are read with hours, identifiers, settings and notes', () => {
  for (const text of [STANDARD, STANDARD.replaceAll('\n', '\r\n'), STANDARD.replaceAll('\n', '\r')]) {
    assert.deepEqual(parseWebVtt(text), [
      { startMs: 1000, endMs: 2500, payload: 'Hello\nthere', settings: 'align:start line:0' },
      { startMs: 360_000_000, endMs: 360_001_000, payload: 'Late' },
    ]);
  }
});

test('an empty line inside the text that a tool wrote does not cut the cue', () => {
  const cues = parseWebVtt('WEBVTT\n\n00:01.000 --> 00:02.000\none\n\n\ntwo --> three\n\n-00:01.500 --> 00:04.000\nfour\n');
  assert.deepEqual(cues, [
    { startMs: 1000, endMs: 2000, payload: 'one\ntwo --> three' },
    { startMs: -1500, endMs: 4000, payload: 'four' },
  ]);
});

test('as many lines as a file can have belong to the cue before them', () => {
  const [cue] = parseWebVtt(`WEBVTT\n\n00:01.000 --> 00:02.000\none\n\n${'two\n'.repeat(400_000)}`);
  assert.equal(cue.payload.split('\n').length, 400_001);
});

test('times before zero, as ffmpeg writes them', () => {
  const times = (stamps: string) => parseWebVtt(`WEBVTT\n\n${stamps}\na\n`).map(({ startMs, endMs }) => [startMs, endMs]);
  assert.deepEqual(times('00:00.-300 --> 00:00.400'), [[-300, 400]]);
  assert.deepEqual(times('-1:-1.-05 --> 00:-59.-950'), [[-61_005, -59_950]]);
  assert.deepEqual(times('00:1.500 --> 00:02.50'), []);
});

test('what is written is read back the same', () => {
  const cues = [
    { startMs: 0, endMs: 1, payload: 'a', settings: 'line:0 align:left' },
    { startMs: 3_599_999, endMs: 3_600_000, payload: '<i>b</i>\nc &amp; d' },
    { startMs: 3_600_000, endMs: 3_600_001, payload: '\u2028a\u2029' },
    { startMs: 400_000_000, endMs: 400_000_001, payload: 'thumbnails-001.jpg#xywh=0,0,160,90' },
  ];
  const text = writeWebVtt(cues);
  assert.deepEqual(parseWebVtt(text), cues);
  assert.match(text, /^WEBVTT\n\n00:00:00\.000 --> 00:00:00\.001 line:0 align:left\na\n\n00:59:59\.999 --> 01:00:00\.000\n/);
  assert.equal(writeWebVtt([]), 'WEBVTT\n');
});

test('settings that mean something are kept, all else is left out', () => {
  for (const [given, kept] of [
    ['align:start line:0', 'align:start line:0'],
    ['line:-1 position:10%,line-left size:80% vertical:rl', 'line:-1 position:10%,line-left size:80% vertical:rl'],
    ['align:middle', 'align:center'],
    ['region:fred  line:84.66%,end\tline:5', 'line:84.66%,end'],
    ['line:101% position:5 align:up size:-5% constructor:x __proto__:y onclick:alert(1) align:', ''],
    ['align:start:end line: :', ''],
    ['', ''],
    ['x'.repeat(100_000), ''],
  ])
    assert.equal(cleanSettings(given), kept, given.slice(0, 60));
  assert.throws(() => writeWebVtt([{ startMs: 0, endMs: 1, payload: 'a', settings: 'line:0\n\nNOTE' }]), RangeError);
  assert.throws(() => writeWebVtt([{ startMs: 0, endMs: 1, payload: 'a', settings: '' }]), RangeError);
});

test('places of ASS become settings, the usual one becomes none', () => {
  const settings = (alignment: number, anchor: { x: number; y: number } | null = null, lines = 1) => settingsOfPlace({ alignment, anchor }, lines);
  assert.equal(settings(2), '');
  assert.deepEqual(
    [1, 3, 5, 7, 8, 9].map((alignment) => settings(alignment)),
    ['position:5% align:left', 'position:95% align:right', 'line:47%', 'line:0 position:5% align:left', 'line:0', 'line:0 position:95% align:right'],
  );
  assert.equal(settings(7, { x: 0.25, y: 0.5 }), 'line:50% position:25% align:left');
  assert.equal(settings(2, { x: 0.5, y: 0.9 }, 2), 'line:78% position:50%');
  assert.equal(settings(5, { x: 2, y: -1 }), 'line:0% position:100%');
  for (let alignment = 1; alignment <= 9; alignment++)
    for (const anchor of [null, { x: 0.123456, y: 0.98765 }, { x: -1e6, y: 1e6 }])
      assert.equal(cleanSettings(settings(alignment, anchor, 3)), settings(alignment, anchor, 3));
});

test('payloads and times that would read back differently are refused', () => {
  for (const payload of ['', 'a\n\nb', 'a --> b', 'a\rb', '\na', 'a\n']) {
    assert.throws(() => writeWebVtt([{ startMs: 0, endMs: 1, payload }]), RangeError, JSON.stringify(payload));
  }
  assert.throws(() => writeWebVtt([{ startMs: -1, endMs: 1, payload: 'a' }]), RangeError);
  assert.throws(() => writeWebVtt([{ startMs: 1, endMs: 1, payload: 'a' }]), RangeError);
  assert.throws(() => writeWebVtt([{ startMs: 0, endMs: Number.NaN, payload: 'a' }]), RangeError);
});

test('text keeps italics, bold and underline and loses every other markup', () => {
  for (const [given, clean] of [
    ['<i>Hello</i> <B>bold</b> <font color="#ff0000">red</font>', '<i>Hello</i> <b>bold</b> red'],
    ['5 < 6 > 3 & 7', '5 &lt; 6 &gt; 3 &amp; 7'],
    ['&amp; &lt;i&gt; &quot;x&quot; &bogus; &#233;&#x41;', '&amp; &lt;i&gt; "x" &amp;bogus; éA'],
    ['{\\an8\\pos(10,20)}Top {comment}', 'Top {comment}'],
    ['one\\Ntwo\\nthree\\hfour', 'one\ntwo\nthree\u00a0four'],
    ['m 0 0 l 100 0 100.5 -100', ''],
    ['<i>unclosed', '<i>unclosed</i>'],
    ['</i>stray</b>', 'stray'],
    ['<b><i>a</b>b</i>', '<b><i>a</i></b>b'],
    ['<i><i>a</i></i>', '<i>a</i>'],
    ['<i>a\nb</i>', '<i>a\nb</i>'],
    ['<i.loud.red>a</i>', '<i>a</i>'],
    ['<v Roger>Hi <c.yellow>there</c> <00:01.000>you', 'Hi there you'],
    ['<script>alert(1)</script><img src=x onerror=y>', 'alert(1)'],
    ['a --> b', 'a --&gt; b'],
    ['  a  \n\n \t\n b', 'a\nb'],
    ['a\tb&#9;c\t', 'a b c'],
    ['<i> \n </i>', ''],
    ['\u0000a\u2028b\ud800', 'ab\ufffd'],
    ['I <3 you', 'I &lt;3 you'],
    ['<ruby>明<rt>あ</rt>日<rt>した</rt></ruby>も', '明(あ)日(した)も'],
    ['<i><ruby.x>a<rt>b</ruby> c</i>', '<i>a(b) c</i>'],
    ['<RUBY>a<rp>(</rp><rt><b>b</rt><rp>)</rp></RUBY>c', 'a(<b>b</b>)c'],
    ['&#8232;x\n&#x2029;&#65279;y&#xFEFF;\n&#8233;', 'x\ny'],
    ['a&#10;&#x0A;b&#13;c&#0;&#133;&#27;&#xd800;&#1114112;', 'a\nbc\ufffd'],
  ]) {
    assert.equal(cleanPayload(given), clean, JSON.stringify(given));
  }
});

test('clean text stays as it is when cleaned again, and can always be written', () => {
  const random = seededRandom(7);
  const parts = [
    '<i>',
    '</i>',
    '<b>',
    '</b>',
    '<',
    '>',
    '&',
    '&lt;',
    '&#60;',
    '{\\i1}',
    '\\N',
    '\n',
    '-->',
    'word',
    ' ',
    '\u0000',
    '\r',
    '<x y>',
    '<ruby>',
    '</ruby>',
    '<rt>',
    '</rt>',
    '<rp>',
    '</rp>',
    '&amp;lt;',
    '&#8232;',
    '&#x2029;',
    '&#65279;',
    '&#10;',
    '&#13;',
    '&#xdc00;',
    '\u2028',
    '\u0085',
    'm 0 0',
    HOSTILE_TEXT,
  ];
  for (let i = 0; i < 5000; i++) {
    const text = Array.from({ length: 1 + Math.floor(random() * 12) }, () => parts[Math.floor(random() * parts.length)]).join('');
    const clean = cleanPayload(text);
    assert.doesNotMatch(clean, /(?!\n)[\p{Cc}\p{Cs}\u2028\u2029\ufeff]/u, JSON.stringify(text));
    assert.equal(cleanPayload(clean), clean, JSON.stringify(text));
    if (clean === '') continue;
    const cue = { startMs: 0, endMs: 1000, payload: clean };
    assert.deepEqual(parseWebVtt(writeWebVtt([cue])), [cue], JSON.stringify(text));
  }
});

test('times are moved to the timeline of the title, and cues that cannot be shown go', () => {
  const cues = [
    { startMs: 5000, endMs: 7000, payload: 'b' },
    { startMs: 1000, endMs: 2000, payload: 'over before the start' },
    { startMs: 1500, endMs: 3500, payload: 'a' },
    { startMs: 1500, endMs: 3500, payload: 'a' },
    { startMs: 6000, endMs: 6000, payload: 'no length' },
    { startMs: 6000, endMs: 5000, payload: 'backwards' },
    { startMs: 6000, endMs: 7000, payload: ' ' },
  ];
  assert.deepEqual(normaliseCues(cues, -2000), [
    { startMs: 0, endMs: 1500, payload: 'a' },
    { startMs: 3000, endMs: 5000, payload: 'b' },
  ]);
  assert.equal(normaliseCues(cues, 250)[0].startMs, 1250);
});

test('mangled and hostile files are read or refused, never anything else', () => {
  for (const text of mangledTexts(STANDARD, 3000)) {
    try {
      for (const cue of normaliseCues(parseWebVtt(text), 0)) writeWebVtt([cue]);
    } catch (error) {
      assert.ok(error instanceof RangeError, String((error as Error).stack));
    }
  }
  for (const text of ['', 'WEBVTTX\n', 'webvtt\n', '\n\nWEBVTT\n']) assert.throws(() => parseWebVtt(text), RangeError);
  const many = `WEBVTT\n\n${'00:00.000 --> 00:01.000\na\n\n'.repeat(200_001)}`;
  assert.throws(() => parseWebVtt(many), RangeError);
});

test('cleaning takes time in proportion to the text', async () => {
  for (const part of ['<', '<a', '&', '{\\', '<i', '</', 'm 0 0 ', ' ', '\\', '<i>', '0 ', '<a ', '<rp>'])
    await checkProportion(200_000, (size) => cleanPayload(part.repeat(size)));
  await checkProportion(100_000, (size) => cleanPayload(`m 0 0 ${'l 0 0 '.repeat(size)}x`));
});
