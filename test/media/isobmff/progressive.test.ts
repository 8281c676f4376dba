import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByteSource, memorySource } from '../../../src/media/isobmff/byte-source.ts';
import { readMovie } from '../../../src/media/isobmff/movie.ts';
import { chooseMovieTimescale, layoutProgressive } from '../../../src/media/isobmff/progressive.ts';
import { tableSamples } from '../../../src/media/isobmff/sample-tables.ts';
import { concat } from '../../../src/media/isobmff/write-boxes.ts';
import { seededRandom } from '../../support/mangle-text.ts';
import { AUDIO, audioTrack, layoutBytes, makeSamples, payloadOf, progressiveFixture, readAllSamples, VIDEO, videoTrack } from './fixture.ts';

test('what was laid out is read back: samples, times, bytes, edits, languages', async () => {
  const file = await progressiveFixture();
  const source = memorySource(file);
  const movie = await readMovie(source);
  assert.deepEqual(movie.brands, ['isom', 'isom', 'iso6', 'mp42', 'avc1']);
  const [video, audio] = movie.tracks;
  assert.deepEqual([video.handler, video.widthPx, video.heightPx, video.isEnabled], ['vide', 320, 180, true]);
  assert.deepEqual([audio.handler, audio.handlerName, audio.language, audio.alternateGroup], ['soun', 'Ton', 'deu', 1]);
  assert.deepEqual(video.sampleEntries, [videoTrack().sampleEntry]);
  const inTrack = (track: typeof video): number[] => track.edits.map((edit) => (edit.durationTicks * track.timescale) / movie.timescale);
  assert.deepEqual([inTrack(video), inTrack(audio)], [[60], [2548]]);
  const [pictures, sounds] = await readAllSamples(source);
  assert.deepEqual(
    pictures.map((sample) => [sample.dtsTicks, sample.ptsTicks, sample.isSync]),
    [
      [0, 20, true],
      [10, 60, false],
      [20, 40, false],
      [30, 50, true],
      [40, 70, false],
      [50, 60, false],
    ],
  );
  assert.deepEqual(await payloadOf(source, pictures), VIDEO.payload);
  assert.deepEqual(await payloadOf(source, sounds), AUDIO.payload);
  assert.ok(sounds.every((sample) => sample.isSync));
  assert.ok(movie.moovRange.endExclusive < Math.min(...[...pictures, ...sounds].map((sample) => sample.offsetBytes)));
});

test('random tracks come back sample by sample', async () => {
  const random = seededRandom(3);
  const whole = (limit: number): number => Math.floor(random() * limit);
  for (let round = 0; round < 40; round++) {
    const count = 2 + whole(200);
    const list = (make: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => make(i));
    const sync = list((i) => i).filter((i) => i === 0 || random() < 0.1);
    const made = makeSamples(
      list(() => 1 + whole(50)),
      list(() => 1 + whole(3) * 100),
      list(() => whole(4) * 100),
      sync,
    );
    const sound = makeSamples(
      list(() => 1 + whole(9)),
      list(() => 1024),
      null,
      null,
    );
    const source = memorySource(
      await layoutBytes(layoutProgressive({ brand: 'm4v', title: '', chapters: [], tracks: [videoTrack(made.samples), audioTrack(sound.samples)] })),
    );
    const [pictures, sounds] = await readAllSamples(source);
    assert.deepEqual(
      pictures.map((sample) => [sample.sizeBytes, sample.durationTicks, sample.ptsTicks - sample.dtsTicks]),
      list((i) => i).map((i) => [made.samples.sizesBytes[i], made.samples.durationsTicks[i], made.samples.compositionOffsetsTicks![i]]),
    );
    assert.deepEqual(
      pictures.flatMap((sample, i) => (sample.isSync ? [i] : [])),
      sync,
    );
    assert.deepEqual(await payloadOf(source, pictures), made.payload);
    assert.deepEqual(await payloadOf(source, sounds), sound.payload);
  }
});

test('a file beyond 4 GiB gets 64-bit offsets and a 64-bit mdat, and its last byte is found', async () => {
  const sizes = [0x7fffffff, 0x7fffffff, 0x7fffffff, 3];
  const endless: ByteSource = { sizeBytes: 2 ** 40, read: async (start, end) => new Uint8Array(end - start) };
  const samples = {
    sizesBytes: Uint32Array.from(sizes),
    durationsTicks: Uint32Array.from(sizes, () => 240),
    compositionOffsetsTicks: null,
    syncSamples: null,
    extents: [{ source: endless, startBytes: 5, sampleCount: 4 }],
  };
  const layout = layoutProgressive({ brand: 'mp4', title: '', chapters: [], tracks: [videoTrack(samples)] });
  const head = concat([...layout.pieces()].flatMap((piece) => ('bytes' in piece ? [piece.bytes] : [])));
  const file: ByteSource = {
    sizeBytes: layout.sizeBytes,
    read: async (start, end) => {
      const bytes = new Uint8Array(end - start);
      bytes.set(head.subarray(start, end));
      return bytes;
    },
  };
  const { tables } = (await readMovie(file)).tracks[0];
  assert.ok(tables.chunkOffsetsAre64Bit);
  const read = [...tableSamples(tables, file.sizeBytes)];
  assert.equal(read[0].offsetBytes, head.byteLength);
  assert.equal(read[3].offsetBytes + 3, layout.sizeBytes);
  assert.equal(layout.sizeBytes, head.byteLength + 3 * 0x7fffffff + 3);
});

test('a late start is an empty edit, exact in the movie timescale', async () => {
  const track = videoTrack(VIDEO.samples, { timescale: 30000, startTicks: 7007, presentedTicks: 6006 });
  const movie = await readMovie(memorySource(await layoutBytes(layoutProgressive({ brand: 'mp4', title: '', chapters: [], tracks: [track, audioTrack()] }))));
  const [empty, shown] = movie.tracks[0].edits;
  assert.equal(empty.mediaTimeTicks, -1);
  assert.equal(empty.durationTicks / movie.timescale, 7007 / 30000);
  assert.equal(shown.durationTicks / movie.timescale, 6006 / 30000);
  assert.equal(movie.tracks[1].edits[0].durationTicks / movie.timescale, 2548 / 48000);
});

test('the movie timescale holds every time exactly while 31 bits allow it', () => {
  const exactIn = (timescale: number, times: { ticks: number; timescale: number }[]): boolean[] =>
    times.map((time) => (time.ticks * timescale) % time.timescale === 0);
  const ordinary = [
    { ticks: 1001, timescale: 24000 },
    { ticks: 48011, timescale: 48000 },
    { ticks: 44101, timescale: 44100 },
  ];
  assert.deepEqual(exactIn(chooseMovieTimescale(ordinary), ordinary), [true, true, true]);
  assert.equal(chooseMovieTimescale([{ ticks: 0, timescale: 24000 }]), 1000);
  const coarse = chooseMovieTimescale([
    { ticks: 1, timescale: 10_000_001 },
    { ticks: 1, timescale: 44100 },
  ]);
  assert.equal(coarse % 10_000_001, 0);
  assert.ok(coarse > 2 ** 30 && coarse < 2 ** 31);
});

test('numbers that the format cannot hold are refused, not wrapped', () => {
  assert.throws(() => layoutProgressive({ brand: 'mp4', title: '', chapters: [], tracks: [videoTrack(VIDEO.samples, { timescale: 2 ** 32 })] }), RangeError);
  const short = { ...VIDEO.samples, extents: VIDEO.samples.extents.slice(0, 1) };
  assert.throws(() => [...layoutProgressive({ brand: 'mp4', title: '', chapters: [], tracks: [videoTrack(short)] }).pieces()], RangeError);
});
