import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { topLevelBoxes } from '../../../src/media/isobmff/boxes.ts';
import { memorySource } from '../../../src/media/isobmff/byte-source.ts';
import { inspectionKeys } from '../../../src/model/inspection.ts';
import { readFrameTimes } from '../../../src/pipeline/handlers/frame-index.ts';
import { assembleRendition } from '../../../src/stages/assemble/assemble-rendition.ts';
import { validateRendition } from '../../../src/stages/assemble/validate-rendition.ts';
import { type Film, type FilmSpec, makeFilm, Studio } from './film.ts';
import { delayOf, packetsOf, pictureHashes, probe, soundOf, wantedTimes } from './judges.ts';

const IDRS = { frameCount: 90, chunkStarts: [0, 31, 64], idrFrames: [0, 12, 31, 50, 64] };

const FILMS: { readonly [name: string]: FilmSpec } = {
  'cfr 24': { ...IDRS, timeBase: { num: 1, den: 12288 }, ptsOf: (n) => n * 512, ptsFormula: 'n*512', endPtsTicks: 90 * 512 },
  'cfr 29.97': { ...IDRS, timeBase: { num: 1, den: 30000 }, ptsOf: (n) => n * 1001 + 77, ptsFormula: '(n*1001+77)', endPtsTicks: 90 * 1001 + 77 },
  'cfr 23.976 in whole frames': { ...IDRS, timeBase: { num: 1001, den: 24000 }, ptsOf: (n) => n, ptsFormula: 'n', endPtsTicks: 90 },
  'no B-frames': { ...IDRS, timeBase: { num: 1, den: 12800 }, ptsOf: (n) => n * 512, ptsFormula: 'n*512', endPtsTicks: 90 * 512, x264: 'bframes=0' },
  'variable frame rate': {
    ...IDRS,
    timeBase: { num: 1, den: 90000 },
    ptsOf: (n) => n * 3003 + ((n * n) % 7) * 400 + Math.floor(n / 40) * 200000,
    ptsFormula: '(n*3003+mod(n*n\\,7)*400+floor(n/40)*200000)',
    endPtsTicks: 89 * 3003 + 6 * 400 + 400000 + 270000,
  },
  'starts late': {
    ...IDRS,
    timeBase: { num: 1, den: 24000 },
    ptsOf: (n) => n * 1001 + 5000,
    ptsFormula: '(n*1001+5000)',
    endPtsTicks: 90 * 1001 + 5000,
    videoStartTicks: 3017,
    audio: [
      { name: 'audio-eng', sampleCount: 180123, beepSample: 48000 },
      { name: 'audio-deu', sampleCount: 170000, beepSample: 30000, channels: 6, language: 'ger', title: 'Deutsch', leadSamples: 4801, isDefault: true },
      { name: 'audio-fra', sampleCount: 160000, beepSample: 20000, channels: 1, sampleRate: 44100, language: 'fr', isDefault: false },
    ],
  },
};

describe('a joined rendition, judged by ffmpeg', () => {
  let studio: Studio;
  before(async () => {
    studio = await Studio.open();
  });
  after(() => studio.close());

  const assemble = async (film: Film, name: string): Promise<string> => {
    const outKey = `out/${name}.mp4`;
    await assembleRendition({ ...film, title: 'Täglich', chapters: [], outKey }, studio.ctx);
    return studio.pathOf(outKey);
  };

  for (const [name, spec] of Object.entries(FILMS)) {
    test(`${name}: times, key frames and pictures are those of the index and the chunks`, async () => {
      const key = name.replaceAll(/[^a-z0-9]/g, '-').toLowerCase();
      const film = await makeFilm(studio, key, spec);
      assert.deepEqual(await readFrameTimes(studio.ctx.blobs, film.plan.inspectionId, film.plan), film.ptsTicks);
      const path = await assemble(film, key);
      const packets = packetsOf(studio, path, 'v:0');
      assert.deepEqual(
        packets.map((packet) => packet.pts).sort((a, b) => a - b),
        wantedTimes(film),
      );
      assert.ok(packets.every((packet, i) => i === 0 || packet.dts > packets[i - 1].dts));
      assert.deepEqual(
        packets.flatMap((packet, i) => (packet.isKey ? [i] : [])),
        spec.idrFrames,
      );
      const chunkHashes: string[] = [];
      for (const chunk of film.chunks) chunkHashes.push(...pictureHashes(studio, await studio.pathOf(chunk.objectKey)));
      assert.deepEqual(pictureHashes(studio, path), chunkHashes);
      const proof = await validateRendition({ ...film, objectKey: `out/${key}.mp4` }, studio.ctx);
      assert.deepEqual([proof.frames, proof.joins, proof.idrFrames, proof.identicalChunks, proof.pictures.compared], [90, 2, 5, 3, 5]);
      assert.ok(proof.pictures.largestError < 1);
    });
  }

  test('sound starts and ends to the sample, whatever its rate, lead and channels', async () => {
    const spec = FILMS['starts late'];
    const film = await makeFilm(studio, 'sound', spec);
    const path = await assemble(film, 'sound');
    for (const [i, { plan }] of film.audio.entries()) {
      const packets = packetsOf(studio, path, `a:${i}`);
      const audible = plan.leadSamples + plan.sampleCount;
      assert.equal(packets[0].pts, -1024);
      const last = packets[packets.length - 1];
      assert.equal(last.pts + last.durationTicks, audible);
      const sound = soundOf(studio, path, `0:a:${i}`);
      assert.ok(sound.length >= audible && sound.length < audible + 1024, `${sound.length} samples for ${audible}`);
      assert.equal(delayOf(sound, spec.audio![i].beepSample, plan.sampleRate), 0);
    }
    const [video, ...audio] = probe(studio, path).streams as {
      start_time: string;
      disposition: { default: number };
      tags: { language: string; handler_name: string };
    }[];
    assert.equal(Number(video.start_time).toFixed(6), (3017 / 24000).toFixed(6));
    assert.deepEqual(
      audio.map((stream) => [stream.start_time, stream.disposition.default, stream.tags.language, stream.tags.handler_name]),
      [
        ['0.000000', 1, 'eng', 'Sound'],
        ['0.000000', 0, 'deu', 'Deutsch'],
        ['0.000000', 0, 'fra', 'Sound'],
      ],
    );
  });

  test('title, chapters, colour and pixels are written; m4v has its brand; moov comes first', async () => {
    const film = await makeFilm(studio, 'facts', FILMS['starts late']);
    const rung = { ...film.rung, name: 'tv', container: 'm4v', picturesFrom: '180p' } as const;
    const chapters = [
      { startSeconds: 0.0, endSeconds: 1, title: 'Vor dem Anfang' },
      { startSeconds: 5000 / 24000 + 1, endSeconds: 3, title: 'Zweites' },
    ];
    const made = await assembleRendition({ ...film, rung, title: 'Über uns', chapters, outKey: 'out/tv.m4v' }, studio.ctx);
    const path = await studio.pathOf('out/tv.m4v');
    const facts = probe(studio, path) as {
      streams: Record<string, string>[];
      chapters: { start_time: string; tags: { title: string } }[];
      format: { tags: Record<string, string> };
    };
    assert.deepEqual([facts.format.tags.major_brand, facts.format.tags.title], ['M4V ', 'Über uns']);
    assert.deepEqual(
      facts.chapters.map((chapter) => [Number(chapter.start_time).toFixed(4), chapter.tags.title]),
      [
        ['0.0000', 'Vor dem Anfang'],
        [(1 + 3017 / 24000).toFixed(4), 'Zweites'],
      ],
    );
    const { color_range, color_space, color_transfer, color_primaries, sample_aspect_ratio } = facts.streams[0];
    assert.deepEqual([color_range, color_space, color_transfer, color_primaries, sample_aspect_ratio], ['tv', 'bt709', 'bt709', 'bt709', '1:1']);
    const bytes = await readFile(path);
    const types = [];
    for await (const box of topLevelBoxes(memorySource(bytes))) types.push(box.type);
    assert.deepEqual(types, ['ftyp', 'moov', 'mdat']);
    assert.deepEqual([made.sizeBytes, made.codecs[0], made.frames], [bytes.byteLength, 'avc1.64001f', 90]);
    assert.equal(made.durationSeconds, (3017 + 90 * 1001) / 24000);
  });

  test('the same inputs give the same bytes', async () => {
    const film = await makeFilm(studio, 'same', FILMS['cfr 24']);
    const made = [];
    for (const outKey of ['out/one.mp4', 'out/two.mp4']) made.push(await assembleRendition({ ...film, title: 'T', chapters: [], outKey }, studio.ctx));
    assert.equal(made[0].sha256, made[1].sha256);
  });

  test('an index of another film is refused', async () => {
    const film = await makeFilm(studio, 'index', FILMS['cfr 24']);
    await assert.rejects(readFrameTimes(studio.ctx.blobs, film.plan.inspectionId, { ...film.plan, frameCount: 91 }), { code: 'SL-905' });
    await studio.ctx.blobs.put(inspectionKeys.index('garbage'), new Uint8Array(64));
    await assert.rejects(readFrameTimes(studio.ctx.blobs, 'garbage', film.plan), { code: 'SL-905' });
  });
});
