import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layoutCmafTrack } from '../../../src/media/cmaf/write-track.ts';
import { topLevelBoxes } from '../../../src/media/isobmff/boxes.ts';
import { memorySource } from '../../../src/media/isobmff/byte-source.ts';
import { readFragments } from '../../../src/media/isobmff/fragments.ts';
import { readMovie } from '../../../src/media/isobmff/movie.ts';
import { parseSidx } from '../../../src/media/isobmff/sidx.ts';
import { AAC_ENTRY, AUDIO, CMAF_VIDEO, layoutBytes, payloadOf, readAllSamples, VIDEO } from '../isobmff/fixture.ts';

test('pictures: one segment for each fragment, times as presented, bytes as encoded', async () => {
  const { track, layout } = layoutCmafTrack(CMAF_VIDEO);
  const file = await layoutBytes(layout);
  const source = memorySource(file);
  assert.equal(file.byteLength, track.sizeBytes);
  assert.deepEqual(
    track.segments.map((segment) => [segment.startTicks, segment.durationTicks]),
    [
      [100, 30],
      [130, 30],
    ],
  );
  const [samples] = await readAllSamples(source);
  assert.deepEqual(
    samples.map((sample) => [sample.dtsTicks, sample.ptsTicks, sample.isSync]),
    [
      [0, 120, true],
      [110, 160, false],
      [120, 140, false],
      [130, 150, true],
      [140, 170, false],
      [150, 160, false],
    ],
  );
  assert.deepEqual(await payloadOf(source, samples), VIDEO.payload);
  const [video] = (await readMovie(source)).tracks;
  assert.deepEqual([video.edits, video.durationTicks], [[{ durationTicks: 0, mediaTimeTicks: 20 }], 0]);
});

test('the file is ftyp, moov, sidx and then pairs of moof and mdat where the index says', async () => {
  const { track, layout } = layoutCmafTrack(CMAF_VIDEO);
  const source = memorySource(await layoutBytes(layout));
  const boxes = [];
  for await (const box of topLevelBoxes(source)) boxes.push(box);
  assert.deepEqual(
    boxes.map((box) => box.type),
    ['ftyp', 'moov', 'sidx', 'moof', 'mdat', 'moof', 'mdat'],
  );
  assert.deepEqual(track.initRange, { start: 0, endExclusive: boxes[1].endExclusive });
  assert.deepEqual(track.indexRange, { start: boxes[2].start, endExclusive: boxes[2].endExclusive });
  const index = parseSidx(await source.read(boxes[2].bodyStart, boxes[2].endExclusive));
  assert.equal(index.earliestTicks, 100);
  let at = boxes[2].endExclusive + index.firstOffsetBytes;
  for (const [i, reference] of index.references.entries()) {
    assert.equal(at, boxes[3 + 2 * i].start);
    const times = { startTicks: 100 + 30 * i, durationTicks: reference.durationTicks, decodeTicks: [0, 130][i] };
    assert.deepEqual(track.segments[i], { offsetBytes: at, sizeBytes: reference.sizeBytes, ...times });
    at += reference.sizeBytes;
  }
  assert.equal(at, track.sizeBytes);
});

test('sound: priming is taken away by the edit list, and segments count what is heard', async () => {
  const { track, layout } = layoutCmafTrack({
    ...CMAF_VIDEO,
    sampleEntry: AAC_ENTRY,
    timescale: 48000,
    language: 'deu',
    extendedLanguage: 'de-CH',
    samples: AUDIO.samples,
    fragmentStarts: [0, 2],
    startTicks: 0,
    mediaTimeTicks: 1024,
    endTicks: 2548,
    facts: { language: 'de-CH', isDefault: true, sampleRate: 48000 },
  });
  const source = memorySource(await layoutBytes(layout));
  assert.deepEqual([track.kind, track.codec, track.channels, track.language], ['audio', 'mp4a.40.2', 2, 'de-CH']);
  assert.deepEqual(
    track.segments.map((segment) => [segment.startTicks, segment.durationTicks]),
    [
      [0, 1024],
      [1024, 1524],
    ],
  );
  const movie = await readMovie(source);
  assert.deepEqual([movie.tracks[0].language, movie.tracks[0].edits], ['deu', [{ durationTicks: 0, mediaTimeTicks: 1024 }]]);
  const counts = [];
  for await (const fragment of readFragments(source, movie, 1)) counts.push(fragment.samples.map((sample) => sample.durationTicks));
  assert.deepEqual(counts, [
    [1024, 1024],
    [1024, 500],
  ]);
  assert.deepEqual(await payloadOf(source, (await readAllSamples(source))[0]), AUDIO.payload);
});

test('fragments that do not cover the track are refused', () => {
  for (const fragmentStarts of [[1, 3], [0, 3, 3], [0, 6], []]) assert.throws(() => layoutCmafTrack({ ...CMAF_VIDEO, fragmentStarts }), RangeError);
});
