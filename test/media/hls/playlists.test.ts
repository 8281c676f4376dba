import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targetDurationSeconds } from '../../../src/media/cmaf/rates.ts';
import { writeMediaPlaylist, writeTextPlaylist } from '../../../src/media/hls/media-playlist.ts';
import { writeMultivariant } from '../../../src/media/hls/multivariant.ts';
import { parseMediaPlaylist, parseMultivariant } from '../../../src/media/hls/parse.ts';
import { mangledTexts } from '../../support/mangle-text.ts';
import { examplePresentation, exampleTrack, HOSTILE_TEXT } from '../../support/tracks.ts';

test('a media playlist gives every segment of the track as a byte range', () => {
  const track = examplePresentation().tracks[0];
  const playlist = parseMediaPlaylist(writeMediaPlaylist(track, 5));
  assert.equal(playlist.version, 7);
  assert.equal(playlist.targetSeconds, 5);
  assert.ok(playlist.isComplete);
  assert.deepEqual(playlist.map, { uri: 'video-1080p.mp4', range: { start: 0, endExclusive: 800 } });
  assert.deepEqual(
    playlist.segments,
    track.segments.map((s) => ({
      uri: 'video-1080p.mp4',
      durationSeconds: s.durationTicks / 12800,
      range: { start: s.offsetBytes, endExclusive: s.offsetBytes + s.sizeBytes },
    })),
  );
});

test('lengths in a playlist do not drift from the media, however long it is', () => {
  const track = exampleTrack(
    Array.from({ length: 5000 }, () => [1.001001, 10]),
    { timescale: 30000 },
  );
  const { segments } = parseMediaPlaylist(writeMediaPlaylist(track, 1));
  const last = track.segments[4999];
  const sum = segments.reduce((total, segment) => total + segment.durationSeconds, 0);
  assert.ok(Math.abs(sum - (last.startTicks + last.durationTicks) / 30000) < 2e-6);
});

test('the range of every variant is said as soon as one is HDR, and not before', () => {
  const { tracks } = examplePresentation();
  const ranges = (list: typeof tracks) =>
    parseMultivariant(writeMultivariant(examplePresentation({ tracks: list }))).variants.map(({ attributes }) => attributes.get('VIDEO-RANGE'));
  assert.deepEqual(ranges(tracks), [undefined, undefined]);
  const hdr = { ...tracks[0], name: 'hdr', file: 'hdr.mp4', codec: 'hvc1.2.4.L123.90', videoRange: 'HLG' as const };
  assert.deepEqual(ranges([...tracks, hdr]), ['SDR', 'SDR', 'HLG']);
});

test('a text playlist is one segment as long as the title', () => {
  const text = examplePresentation().texts[0];
  const playlist = parseMediaPlaylist(writeTextPlaylist(text, 61.4999));
  assert.deepEqual(playlist.segments, [{ uri: 'sub-eng.vtt', durationSeconds: 61.4999, range: null }]);
  assert.equal(playlist.targetSeconds, 61);
  assert.equal(playlist.map, null);
});

test('the multivariant playlist states measured rates, groups and languages', () => {
  const { variants, media } = parseMultivariant(writeMultivariant(examplePresentation()));
  assert.deepEqual(
    variants.map(({ uri }) => uri),
    ['video-1080p.m3u8', 'video-480p.m3u8'],
  );
  assert.deepEqual(Object.fromEntries(variants[0].attributes), {
    BANDWIDTH: String((1_500_000 * 8) / 5 + 64_000 * 2),
    'AVERAGE-BANDWIDTH': String(2_000_000 + 105_600),
    CODECS: 'avc1.640028,mp4a.40.2',
    RESOLUTION: '1920x1080',
    'FRAME-RATE': '25.000',
    AUDIO: 'audio',
    SUBTITLES: 'text',
  });
  assert.deepEqual(
    media.map((tag) => [
      tag.get('TYPE'),
      tag.get('NAME'),
      tag.get('LANGUAGE'),
      tag.get('DEFAULT'),
      tag.get('AUTOSELECT'),
      tag.get('CHANNELS'),
      tag.get('FORCED'),
    ]),
    [
      ['AUDIO', 'English', 'en', 'YES', 'YES', '2', undefined],
      ['AUDIO', 'German', 'de', 'NO', 'YES', '2', undefined],
      ['SUBTITLES', 'English', 'en', 'NO', 'YES', undefined, 'NO'],
      ['SUBTITLES', 'Español', 'es', 'NO', 'YES', undefined, 'YES'],
    ],
  );
});

test('of two tracks in one language only the preferred one may be chosen by itself', () => {
  const { tracks } = examplePresentation();
  const twin = { ...tracks[2], name: 'audio-eng-2', file: 'audio-eng-2.mp4', isDefault: false };
  const { media } = parseMultivariant(writeMultivariant(examplePresentation({ tracks: [tracks[0], twin, tracks[2]], texts: [] })));
  assert.deepEqual(
    media.map((tag) => [tag.get('NAME'), tag.get('DEFAULT'), tag.get('AUTOSELECT')]),
    [
      ['English', 'NO', 'NO'],
      ['English 2', 'YES', 'YES'],
    ],
  );
});

test('pictures without sound and sound without pictures can be written', () => {
  const { tracks } = examplePresentation();
  const silent = parseMultivariant(writeMultivariant(examplePresentation({ tracks: tracks.slice(0, 2), texts: [] })));
  assert.deepEqual([silent.variants[0].attributes.get('CODECS'), silent.variants[0].attributes.has('AUDIO'), silent.media.length], ['avc1.640028', false, 0]);
  const radio = parseMultivariant(writeMultivariant(examplePresentation({ tracks: tracks.slice(2), texts: [] })));
  assert.deepEqual(
    radio.variants.map(({ uri, attributes }) => [uri, attributes.get('AUDIO')]),
    [['audio-eng.m3u8', 'audio']],
  );
  assert.deepEqual(
    radio.media.map((tag) => [tag.get('LANGUAGE'), tag.get('DEFAULT'), tag.get('URI')]),
    [
      ['en', 'YES', 'audio-eng.m3u8'],
      ['de', 'NO', 'audio-ger.m3u8'],
    ],
  );
  const single = parseMultivariant(writeMultivariant(examplePresentation({ tracks: tracks.slice(2, 3), texts: [] })));
  assert.deepEqual([single.variants[0].uri, single.variants[0].attributes.has('AUDIO'), single.media.length], ['audio-eng.m3u8', false, 0]);
});

test('roles are said in characteristics, and a commentary is never chosen by itself', () => {
  const { tracks, texts } = examplePresentation();
  const sound = [
    tracks[2],
    { ...tracks[2], ...named('audio-eng-comm'), isDefault: false, role: 'commentary' },
    { ...tracks[2], ...named('audio-eng-ad'), isDefault: false, role: 'description' },
  ] as const;
  const words = [texts[0], { ...texts[0], name: 'sub-eng-sdh', file: 'sub-eng-sdh.vtt', role: 'captions' }] as const;
  const { media } = parseMultivariant(writeMultivariant(examplePresentation({ tracks: [tracks[0], ...sound], texts: words })));
  assert.deepEqual(
    media.map((tag) => [tag.get('NAME'), tag.get('AUTOSELECT'), tag.get('CHARACTERISTICS')]),
    [
      ['English', 'YES', undefined],
      ['English (commentary)', 'NO', 'public.auxiliary-content'],
      ['English (audio description)', 'YES', 'public.accessibility.describes-video'],
      ['English', 'YES', undefined],
      ['English (SDH)', 'YES', 'public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound'],
    ],
  );
});

function named(name: string) {
  return { name, file: `${name}.mp4` };
}

test('hostile titles and languages stay inside their quotes', () => {
  const presentation = examplePresentation();
  const tracks = presentation.tracks.map((track) => ({ ...track, title: HOSTILE_TEXT, language: HOSTILE_TEXT }));
  const texts = presentation.texts.map((text) => ({ ...text, title: HOSTILE_TEXT, language: HOSTILE_TEXT }));
  const { media, variants } = parseMultivariant(writeMultivariant({ ...presentation, tracks, texts }));
  assert.equal(variants.length, 2);
  assert.deepEqual(
    media.map((tag) => [tag.get('DEFAULT'), tag.has('LANGUAGE')]),
    [
      ['YES', false],
      ['NO', false],
      ['NO', false],
      ['NO', false],
    ],
  );
  for (const tag of media) assert.match(tag.get('NAME')!, /^'quote' 'single' <b>&amp;/);
});

test('a presentation that would name another file is refused', () => {
  const { tracks } = examplePresentation();
  for (const file of ['../secret.mp4', 'http://x/y.mp4', 'a b.mp4', 'a"b.mp4', '', '.hidden']) {
    assert.throws(() => writeMultivariant(examplePresentation({ tracks: [{ ...tracks[0], file }] })), RangeError);
  }
  assert.throws(() => writeMultivariant(examplePresentation({ tracks: [tracks[0], tracks[0]] })), RangeError);
  assert.throws(() => writeMultivariant(examplePresentation({ tracks: [exampleTrack([[0, 10]])] })), RangeError);
  assert.throws(() => writeMultivariant(examplePresentation({ tracks: [exampleTrack([])] })), RangeError);
});

test('playlists that others wrote: offsets that go on, several lines, comments', () => {
  const text =
    '#EXTM3U\r\n#EXT-X-TARGETDURATION:4\r\n# comment\r\n\r\n#EXTINF:4,title, with comma\r\n#EXT-X-BYTERANGE:10@5\r\na.mp4\r\n#EXTINF:3.5,\r\n#EXT-X-BYTERANGE:7\r\na.mp4\r\n';
  const { segments, isComplete } = parseMediaPlaylist(text);
  assert.deepEqual(
    segments.map((s) => s.range),
    [
      { start: 5, endExclusive: 15 },
      { start: 15, endExclusive: 22 },
    ],
  );
  assert.equal(isComplete, false);
});

test('mangled playlists are read or refused, never anything else', () => {
  const presentation = examplePresentation();
  for (const text of mangledTexts(writeMediaPlaylist(presentation.tracks[0], 5), 3000)) expectRangeError(() => parseMediaPlaylist(text));
  for (const text of mangledTexts(writeMultivariant(presentation), 3000)) expectRangeError(() => parseMultivariant(text));
  for (const range of ['', '1', '@', '-1@0', '1@-1', '1e9@0', '9'.repeat(40), '1@0@0']) {
    assert.throws(() => parseMediaPlaylist(`#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:1,\n#EXT-X-BYTERANGE:${range}\na.mp4\n`), RangeError);
  }
  assert.throws(() => parseMultivariant(`#EXTM3U\n#EXT-X-STREAM-INF:A=1,A=2\nx\n`), RangeError);
});

function expectRangeError(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof RangeError, String((error as Error).stack));
  }
}

test('a playlist counts decode times, so that a player which knows nothing else does not move the sound by its priming', () => {
  const sound = exampleTrack(
    [
      [4, 10],
      [4, 10],
      [2, 10],
    ],
    { kind: 'audio', timescale: 48_000 },
  );
  const primed = { ...sound, segments: sound.segments.map((segment, i) => ({ ...segment, decodeTicks: i === 0 ? 0 : segment.startTicks + 1024 })) };
  const lengths = parseMediaPlaylist(writeMediaPlaylist(primed, 4)).segments.map(({ durationSeconds }) => durationSeconds);
  assert.deepEqual(lengths, [4.021333, 4, 1.978667]);
});

test('a picture that comes late makes the first segment longer, for the players and for the target duration', () => {
  const track = exampleTrack([[4.4, 10]]);
  const late = { ...track, segments: [{ ...track.segments[0], startTicks: 2560 }] };
  assert.equal(targetDurationSeconds([late]), 5);
  assert.equal(parseMediaPlaylist(writeMediaPlaylist(late, 5)).segments[0].durationSeconds, 4.6);
});
