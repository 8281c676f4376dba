import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TILE_SCHEME, writeMpd } from '../../../src/media/dash/mpd.ts';
import { parseMpd } from '../../../src/media/dash/parse-mpd.ts';
import { escapeXml, parseXml } from '../../../src/media/dash/xml.ts';
import { mangledTexts } from '../../support/mangle-text.ts';
import { examplePresentation, exampleTrack, HOSTILE_TEXT } from '../../support/tracks.ts';

test('every rung is in one set, with the ranges and the measured rate of its track', () => {
  const presentation = examplePresentation();
  const mpd = parseMpd(writeMpd(presentation));
  assert.equal(mpd.durationSeconds, 10);
  assert.equal(mpd.title, 'A film');
  const [video, english, german, ...others] = mpd.sets;
  assert.deepEqual(
    video.representations.map((r) => [r.id, r.file, r.codecs, r.widthPx, r.heightPx, r.frameRate, r.bandwidth]),
    [
      ['video-1080p', 'video-1080p.mp4', 'avc1.640028', 1920, 1080, '25', 2_400_000],
      ['video-480p', 'video-480p.mp4', 'avc1.64001e', 854, 480, '25', 960_000],
    ],
  );
  for (const { initRange, indexRange } of video.representations) {
    assert.deepEqual([initRange, indexRange], [presentation.tracks[0].initRange, presentation.tracks[0].indexRange]);
  }
  assert.deepEqual([english.language, english.label, english.roles], ['en', 'English', ['main']]);
  assert.deepEqual([german.language, german.label, german.roles], ['de', 'German', ['alternate']]);
  assert.deepEqual(
    others.map((set) => [set.contentType, set.language, set.label, set.roles, set.representations[0].file]),
    [
      ['text', 'en', 'English', ['subtitle'], 'sub-eng.vtt'],
      ['text', 'es', 'Español', ['subtitle', 'forced-subtitle'], 'sub-spa.vtt'],
      ['image', null, null, [], null],
    ],
  );
});

test('roles and for whom a track is stand in the words of the standards', () => {
  const { tracks, texts } = examplePresentation();
  const own = (name: string) => ({ name, file: `${name}.mp4`, isDefault: false });
  const sound = [
    tracks[2],
    { ...tracks[2], ...own('audio-eng-comm'), role: 'commentary' },
    { ...tracks[2], ...own('audio-eng-ad'), role: 'description' },
  ] as const;
  const text = writeMpd(examplePresentation({ tracks: [tracks[0], ...sound], texts: [{ ...texts[0], role: 'captions' }] }));
  assert.deepEqual(
    parseMpd(text).sets.map(({ label, roles }) => [label, roles]),
    [
      [null, ['main']],
      ['English', ['main']],
      ['English (commentary)', ['commentary']],
      ['English (audio description)', ['description']],
      ['English (SDH)', ['caption']],
      [null, []],
    ],
  );
  const purposes = parseXml(text).children[1].children.map(({ children }) => children.find(({ name }) => name === 'Accessibility')?.attributes.get('value'));
  assert.deepEqual(purposes, [undefined, undefined, undefined, '1', '2', undefined]);
});

test('what players need is there by its standard name', () => {
  const root = parseXml(writeMpd(examplePresentation()));
  assert.equal(root.attributes.get('profiles'), 'urn:mpeg:dash:profile:isoff-on-demand:2011');
  assert.equal(root.attributes.get('mediaPresentationDuration'), 'PT10S');
  const sets = root.children.find(({ name }) => name === 'Period')!.children;
  for (const set of sets.slice(0, 3)) {
    for (const [name, value] of Object.entries({ segmentAlignment: 'true', subsegmentAlignment: 'true', startWithSAP: '1', subsegmentStartsWithSAP: '1' })) {
      assert.equal(set.attributes.get(name), value);
    }
  }
  const channels = sets[1].children.flatMap(({ children }) => children).find(({ name }) => name === 'AudioChannelConfiguration');
  assert.equal(channels?.attributes.get('value'), '2');
  assert.deepEqual(
    sets.map((set) => set.attributes.get('id')),
    ['1', '2', '3', '4', '5', '6'],
  );
  const image = sets[5];
  assert.equal(image.children[0].attributes.get('media'), 'thumbnails-$Number%03d$.jpg');
  assert.equal(image.children[0].attributes.get('duration'), '5000');
  const tile = image.children[1];
  assert.deepEqual([tile.attributes.get('width'), tile.attributes.get('height')], ['800', '450']);
  assert.deepEqual([...tile.children[0].attributes.values()], [TILE_SCHEME, '5x5']);
});

test('other codecs are sets of their own that a player may switch to', () => {
  const { tracks } = examplePresentation();
  const av1 = { ...tracks[0], name: 'video-av1', file: 'video-av1.mp4', codec: 'av01.0.08M.08' };
  const root = parseXml(writeMpd(examplePresentation({ tracks: [...tracks, av1] })));
  const switching = root.children[1].children
    .flatMap((set) => set.children)
    .filter(({ name }) => name === 'SupplementalProperty')
    .map(({ attributes }) => attributes.get('value'));
  assert.deepEqual(switching, ['2', '1']);
});

test('HDR pictures are a set of their own that says how to show them, and no other codec of SDR switches to it', () => {
  const { tracks } = examplePresentation();
  const hdr = { ...tracks[0], name: 'hdr', file: 'hdr.mp4', codec: 'hvc1.2.4.L123.90', videoRange: 'PQ' as const };
  const sdr = { ...hdr, name: 'sdr', file: 'sdr.mp4', videoRange: undefined };
  const written = writeMpd(examplePresentation({ tracks: [...tracks, sdr, hdr] }));
  const mpd = parseMpd(written);
  assert.deepEqual(
    mpd.sets.slice(0, 3).map((set) => [set.videoRange, set.representations.map(({ id }) => id)]),
    [
      [null, ['video-1080p', 'video-480p']],
      [null, ['sdr']],
      ['PQ', ['hdr']],
    ],
  );
  const sets = parseXml(written).children.find(({ name }) => name === 'Period')!.children;
  const properties = (at: number, name: string) =>
    sets[at].children.filter((child) => child.name === name).map(({ attributes }) => [...attributes.values()].join(' '));
  assert.deepEqual(properties(2, 'EssentialProperty'), [
    'urn:mpeg:mpegB:cicp:ColourPrimaries 9',
    'urn:mpeg:mpegB:cicp:TransferCharacteristics 16',
    'urn:mpeg:mpegB:cicp:MatrixCoefficients 9',
  ]);
  assert.deepEqual(
    [0, 1, 2].map((at) => properties(at, 'SupplementalProperty').map((property) => property.split(' ')[1])),
    [['2'], ['1'], []],
  );
});

test('a variable frame rate is not stated, a fractional one exactly', () => {
  const vfr = exampleTrack(
    [
      [4.1, 10],
      [3.337, 10],
    ],
    { frameCount: 200, timescale: 1000 },
  );
  assert.equal(parseMpd(writeMpd(examplePresentation({ tracks: [vfr] }))).sets[0].representations[0].frameRate, null);
  const ntsc = exampleTrack([[(1001 * 120) / 30000, 10]], { frameCount: 120, timescale: 30000 });
  assert.equal(parseMpd(writeMpd(examplePresentation({ tracks: [ntsc] }))).sets[0].representations[0].frameRate, '30000/1001');
});

test('hostile titles and languages stay text', () => {
  const presentation = examplePresentation({ title: HOSTILE_TEXT });
  const tracks = presentation.tracks.map((track) => ({ ...track, title: HOSTILE_TEXT, language: HOSTILE_TEXT }));
  const texts = presentation.texts.map((text) => ({ ...text, title: HOSTILE_TEXT, language: HOSTILE_TEXT }));
  const written = writeMpd({ ...presentation, tracks, texts });
  assert.doesNotMatch(written, /<script|(?!\n)\p{Cc}/u);
  const mpd = parseMpd(written);
  assert.equal(mpd.sets.length, 6);
  assert.match(mpd.title!, /^"quote" 'single' <b>&amp; #EXT-X-ENDLIST \]\]> "\/><script>/);
  assert.deepEqual([...new Set(mpd.sets.map(({ language }) => language))], [null, 'und']);
});

test('escaping keeps every character that XML can hold', () => {
  for (const text of ['a\tb\nc\rd', '"\'<>&', '\u0000\u000b\ufffe\ud800', '😀é\u2028', HOSTILE_TEXT]) {
    const expected = text.toWellFormed().replace(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, '\ufffd');
    const { attributes, text: content } = parseXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`);
    assert.deepEqual([attributes.get('b'), content], [expected, expected]);
  }
});

test('mangled and hostile documents are read or refused, never anything else', () => {
  for (const text of mangledTexts(writeMpd(examplePresentation()), 2000)) {
    try {
      parseMpd(text);
    } catch (error) {
      assert.ok(error instanceof RangeError, String((error as Error).stack));
    }
  }
  const bombs = [
    '<a>'.repeat(1e5),
    '<a/>'.repeat(3),
    `<a ${'b="" '.repeat(1e5)}`,
    `<!--${'-'.repeat(1e5)}`,
    '<!DOCTYPE a [<!ENTITY b "c">]><a/>',
    '<a>&b;</a>',
    '<a>&#1114112;</a>',
  ];
  for (const bomb of [...bombs, '<a b="1" b="2"/>', '<a></b>', '', 'text', '<a/>text', `<${'a'.repeat(1e6)}`, `<a b="${' '.repeat(1e6)}`]) {
    assert.throws(() => parseXml(bomb), RangeError, bomb.slice(0, 40));
  }
  assert.throws(() => parseMpd('<MPD type="dynamic"/>'), RangeError);
  assert.throws(() => parseMpd(writeMpd(examplePresentation()).replace('0-799', '799-0')), RangeError);
});
