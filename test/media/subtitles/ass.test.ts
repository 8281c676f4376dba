import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAss } from '../../../src/media/subtitles/ass.ts';
import { writeWebVtt } from '../../../src/media/webvtt/cues.ts';
import { normaliseCues } from '../../../src/media/webvtt/normalise.ts';
import { mangledTexts } from '../../support/mangle-text.ts';
import { checkProportion } from '../../support/proportion.ts';

const HEAD = `[Script Info]
; a comment: with a colon
PlayResX: 640
PlayResY: 480

[V4+ Styles]
Format: Name, Fontname, Fontsize, Bold, Italic, Alignment
Style: Default,Arial,16,-1,0,2
Style: Sign,Arial,16,0,-1,8

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
`;

const event = (text: string, style = 'Default') => `Dialogue: 0,0:00:01.00,0:00:02.50,${style},,0,0,0,,${text}\n`;

/** What becomes of the text of one event. */
function shown(text: string, style = 'Default') {
  const [cue] = normaliseCues(parseAss(HEAD + event(text, style)), 0);
  return cue && [cue.payload, cue.settings];
}

test('times, commas in the text, styles and places', () => {
  assert.deepEqual(parseAss(`${HEAD}Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,no\n${event('One, two')}${event('Sign', '*Sign')}`), [
    { startMs: 1000, endMs: 2500, payload: 'One, two' },
    { startMs: 1000, endMs: 2500, payload: '<i>Sign', settings: 'line:0' },
  ]);
});

test('times before zero, as ffmpeg writes them', () => {
  const times = (start: string, end: string) =>
    parseAss(`${HEAD}Dialogue: 0,${start},${end},Default,,0,0,0,,a\n`).map(({ startMs, endMs }) => [startMs, endMs]);
  assert.deepEqual(times('0:00:00.-70', '0:00:00.30'), [[-700, 300]]);
  assert.deepEqual(times('-1:00:-1.-5', '0:-1:-15.-50'), [[-3_601_050, -75_500]]);
});

test('text keeps italics, bold and underline, and nothing else is taken for markup', () => {
  for (const [given, clean] of [
    ['a {\\i1}b{\\i0} {\\b1}c{\\b0} {\\b700}d{\\b400} {\\u1}e', 'a <i>b</i> <b>c</b> <b>d</b> <u>e</u>'],
    ['{\\i1\\b1}a{\\r}b', '<i><b>a</b></i>b'],
    ['<i>a</i> & <b', '&lt;i&gt;a&lt;/i&gt; &amp; &lt;b'],
    ['one\\Ntwo\\nthree\\hfour', 'one\ntwo\nthree\u00a0four'],
    ['{comment}a{\\k20\\c&HFF&\\fnArial}b', 'ab'],
    ['a{\\p1}m 0 0 l 100 0{\\p0}b', 'ab'],
    ['a{\\t(0,500,\\i1)}b', 'ab'],
    ['a {unclosed', 'a {unclosed'],
  ])
    assert.equal(shown(given)?.[0], clean, given);
  assert.equal(shown('{\\p1}m 0 0 l 100 0 100 100{\\p0}'), undefined);
});

test('places come from the first alignment, the first position, or the style', () => {
  for (const [given, style, settings] of [
    ['{\\an8}a', 'Default', 'line:0'],
    ['{\\an2}a', 'Sign', undefined],
    ['{\\an9\\an1}a', 'Default', 'line:0 position:95% align:right'],
    ['{\\a6}a', 'Default', 'line:0'],
    ['{\\an7\\pos(64,240)}a', 'Default', 'line:50% position:10% align:left'],
    ['{\\pos(320,480)\\pos(0,0)}a\\Nb', 'Default', 'line:88% position:50%'],
    ['{\\an8\\move(64.5, 48, 600, 48, 0, 100)}a', 'Default', 'line:10% position:10.1%'],
    ['{\\pos(9999999,x)}a', 'Default', undefined],
    ['{\\an0\\an77}a', 'Default', undefined],
  ] as const)
    assert.equal(shown(given, style)?.[1], settings, given);
});

test('SSA has its own alignments, and a script without lines of its own is read by the usual ones', () => {
  const old =
    '[V4 Styles]\nFormat: Name, Fontname, Alignment\nStyle: Top,Arial,6\n[Events]\nFormat: Marked, Start, End, Style, Text\nDialogue: Marked=0,0:00:01.00,0:00:02.00,Top,a, b\n';
  assert.deepEqual(parseAss(old), [{ startMs: 1000, endMs: 2000, payload: 'a, b', settings: 'line:0' }]);
  const bare = `[Events]\n${event('{\\pos(192,144)\\an7}a')}`;
  assert.deepEqual(parseAss(bare)[0], { startMs: 1000, endMs: 2500, payload: 'a', settings: 'line:50% position:50% align:left' });
});

test('lines that make no sense are left out', () => {
  for (const line of ['Dialogue:', 'Dialogue: 0,x,y,Default,,0,0,0,,a', 'Dialogue: 0,0:00:01.00', 'PlayResX: 99', '[', 'Style: Late,Arial', ': a'])
    assert.deepEqual(parseAss(`${HEAD}${line}\n`), [], line);
  assert.deepEqual(parseAss('Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,outside of a section\n'), []);
});

test('mangled and hostile scripts are read or refused, and what is read can be written', async () => {
  const script = `${HEAD}${event('{\\an7\\pos(64,240)\\i1}a{\\i0} & <b>{c}', 'Sign')}${event('{\\p1}m 0 0{\\p0}x')}`;
  for (const text of mangledTexts(script, 3000)) writeWebVtt(normaliseCues(parseAss(text), 0));
  assert.throws(() => parseAss(HEAD + event('a').repeat(200_001)), RangeError);
  assert.throws(() => parseAss('a'.repeat(64 * 1024 * 1024 + 1)), RangeError);
  for (const part of ['{', '{\\', '}', '{}', '\\N', ',', '{\\i1}', '{\\pos(', '{\\r}', '[', 'Style: '])
    for (const head of [HEAD + event('').trimEnd(), '[V4+ Styles]\nFormat: ', '[Script Info]\nPlayResX: '])
      await checkProportion(50_000, (size) => writeWebVtt(normaliseCues(parseAss(head + part.repeat(size)), 0)));
  for (const name of ['__proto__', 'constructor']) assert.equal(shown('a', name)?.[0], 'a');
});
