import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { topLevelBoxes } from '../../../src/media/isobmff/boxes.ts';
import { memorySource } from '../../../src/media/isobmff/byte-source.ts';
import { parseSidx } from '../../../src/media/isobmff/sidx.ts';
import { type AssembledTrack, assembleTracks, audioFragmentStarts } from '../../../src/stages/assemble/assemble-tracks.ts';
import { type Film, makeFilm, Studio } from './film.ts';
import { delayOf, packagerInfo, packetsOf, pictureHashes, soundOf, wantedTimes } from './judges.ts';

describe('CMAF tracks', () => {
  let studio: Studio;
  let film: Film;
  let tracks: AssembledTrack[];
  before(async () => {
    studio = await Studio.open();
    film = await makeFilm(studio, 'tracks', {
      frameCount: 90,
      chunkStarts: [0, 31, 64],
      idrFrames: [0, 12, 31, 50, 64],
      timeBase: { num: 1, den: 90000 },
      ptsOf: (n) => n * 3600 + ((n * n) % 5) * 300 + 900,
      ptsFormula: '(n*3600+mod(n*n\\,5)*300+900)',
      endPtsTicks: 90 * 3600 + 20000,
      videoStartTicks: 4507,
      audio: [{ name: 'audio-eng', sampleCount: 48000 * 10 + 5, beepSample: 96000 }],
    });
    const copy = { ...film.rung, name: 'tv', container: 'm4v', picturesFrom: '180p' } as const;
    const renditions = [film.rung, copy].map((rung) => ({ rung, chunks: film.chunks }));
    tracks = await assembleTracks({ ...film, renditions, keyPrefix: 'package/a1' }, studio.ctx);
  });
  after(() => studio.close());

  test('one for each rung with pictures of its own, and one for each language', () => {
    assert.deepEqual(
      tracks.map(({ track, stored }) => [track.name, track.kind, track.file, stored.objectKey]),
      [
        ['180p', 'video', '180p.mp4', 'package/a1/180p.mp4'],
        ['audio-eng', 'audio', 'audio-eng.mp4', 'package/a1/audio-eng.mp4'],
      ],
    );
    const { codec, frameCount, widthPx, heightPx, timescale } = tracks[0].track;
    assert.deepEqual(
      { codec, frameCount, widthPx, heightPx, timescale },
      { codec: 'avc1.64001f', frameCount: 90, widthPx: 320, heightPx: 180, timescale: 90000 },
    );
    const { language, isDefault, channels, sampleRate } = tracks[1].track;
    assert.deepEqual({ language, isDefault, channels, sampleRate }, { language: 'eng', isDefault: true, channels: 2, sampleRate: 48000 });
  });

  test('ffprobe sees every frame at its time on the title, and ffmpeg the pictures of the chunks', async () => {
    const path = await studio.pathOf(tracks[0].stored.objectKey);
    const packets = packetsOf(studio, path, 'v:0');
    assert.deepEqual(
      packets.map((packet) => packet.pts).sort((a, b) => a - b),
      wantedTimes(film),
    );
    const chunkHashes: string[] = [];
    for (const chunk of film.chunks) chunkHashes.push(...pictureHashes(studio, await studio.pathOf(chunk.objectKey)));
    assert.deepEqual(pictureHashes(studio, path), chunkHashes);
  });

  test('segments are the planned IDR distances and cover the title without a gap', () => {
    const times = wantedTimes(film);
    const { segments } = tracks[0].track;
    assert.deepEqual(
      segments.map((segment) => segment.startTicks),
      film.plan.chunks.flatMap((chunk) => chunk.idrFrames).map((frame) => times[frame]),
    );
    for (const { track } of tracks) {
      let [at, ticks] = [track.indexRange.endExclusive, track.segments[0].startTicks];
      for (const segment of track.segments) {
        assert.deepEqual([segment.offsetBytes, segment.startTicks], [at, ticks]);
        at += segment.sizeBytes;
        ticks += segment.durationTicks;
      }
      assert.equal(at, track.sizeBytes);
      assert.equal(ticks, track.kind === 'video' ? film.plan.endPtsTicks - film.ptsTicks[0] + 4507 : 48000 * 10 + 5);
    }
    assert.equal(tracks[1].track.segments.length, 3);
  });

  test('the stored index points at moof boxes, all of them', async () => {
    for (const { track, stored } of tracks) {
      const bytes = await readFile(await studio.pathOf(stored.objectKey));
      const moofs: number[] = [];
      for await (const box of topLevelBoxes(memorySource(bytes))) if (box.type === 'moof') moofs.push(box.start);
      const index = parseSidx(bytes.subarray(track.indexRange.start + 8, track.indexRange.endExclusive));
      let at = track.indexRange.endExclusive + index.firstOffsetBytes;
      const pointed = index.references.map((reference) => {
        assert.ok(reference.startsWithSap && reference.sapType === 1 && !reference.isIndex);
        at += reference.sizeBytes;
        return at - reference.sizeBytes;
      });
      assert.deepEqual(pointed, moofs);
      assert.equal(index.earliestTicks, track.segments[0].startTicks);
    }
  });

  test('sound lies where it belongs once the priming is taken away', async () => {
    const path = await studio.pathOf(tracks[1].stored.objectKey);
    assert.equal(packetsOf(studio, path, 'a:0')[0].pts, -1024);
    // ffmpeg 5.1 does not skip the priming of fragmented AAC; newer ones do.
    const sound = soundOf(studio, path, '0:a:0');
    const priming = sound.length - Math.ceil((48000 * 10 + 5 + 1024) / 1024) * 1024 + 1024;
    assert.equal(delayOf(sound.subarray(priming), 96000, 48000), 0);
  });

  test('shaka-packager reads the tracks', async () => {
    const video = packagerInfo(await studio.pathOf(tracks[0].stored.objectKey), 'video');
    assert.match(video, /codec_string: avc1\.64001f\n.*time_scale: 90000\n.*width: 320\n height: 180/s);
    const audio = packagerInfo(await studio.pathOf(tracks[1].stored.objectKey), 'audio');
    assert.match(audio, /codec_string: mp4a\.40\.2\n.*num_channels: 2\n sampling_frequency: 48000\n language: eng/s);
  });
});

test('audio fragments are about four seconds, and never a scrap at the end', () => {
  assert.deepEqual(audioFragmentStarts(188 * 3, 48000), [0, 188, 376]);
  assert.deepEqual(audioFragmentStarts(188 * 2 + 10, 48000), [0, 188]);
  assert.deepEqual(audioFragmentStarts(188 * 2 + 150, 48000), [0, 188, 376]);
  assert.deepEqual(audioFragmentStarts(3, 48000), [0]);
});
