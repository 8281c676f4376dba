import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { memorySource } from '../../../src/media/isobmff/byte-source.ts';
import { readMovie } from '../../../src/media/isobmff/movie.ts';
import type { Sample } from '../../../src/media/isobmff/sample.ts';
import { tableSamples } from '../../../src/media/isobmff/sample-tables.ts';
import { u32 } from '../../../src/media/isobmff/write-boxes.ts';
import { assembleRendition } from '../../../src/stages/assemble/assemble-rendition.ts';
import type { ValidateRenditionInput } from '../../../src/stages/assemble/rendition-fault.ts';
import { validateRendition } from '../../../src/stages/assemble/validate-rendition.ts';
import { type Film, makeFilm, Studio } from './film.ts';

describe('a finished rendition is held to the source', () => {
  let studio: Studio;
  let film: Film;
  let file: Buffer;
  let pictures: Sample[];
  let stored = 0;
  before(async () => {
    studio = await Studio.open();
    film = await makeFilm(studio, 'held', {
      frameCount: 60,
      chunkStarts: [0, 20, 40],
      idrFrames: [0, 20, 32, 40],
      timeBase: { num: 1, den: 12288 },
      ptsOf: (n) => n * 512,
      ptsFormula: 'n*512',
      endPtsTicks: 60 * 512,
      audio: [{ name: 'audio-eng', sampleCount: 120000, beepSample: 48000 }],
    });
    await assembleRendition({ ...film, title: '', chapters: [], outKey: 'out/held.mp4' }, studio.ctx);
    file = await readFile(await studio.pathOf('out/held.mp4'));
    const [video] = (await readMovie(memorySource(file))).tracks;
    pictures = [...tableSamples(video.tables, file.byteLength)];
  });
  after(() => studio.close());

  /** Validates the file with these bytes changed. */
  const refuse = async (
    change: (bytes: Buffer) => Buffer | undefined,
    code: string,
    message: RegExp,
    input: Partial<ValidateRenditionInput> = {},
  ): Promise<void> => {
    const bytes = Buffer.from(file);
    const objectKey = `out/changed-${stored++}.mp4`;
    await studio.ctx.blobs.put(objectKey, change(bytes) ?? bytes);
    await assert.rejects(validateRendition({ ...film, objectKey, ...input }, studio.ctx), (error: { code: string; message: string }) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      return true;
    });
  };
  const boxAt = (bytes: Buffer, type: string, nth = 0): number => {
    let at = bytes.indexOf(type);
    for (let i = 0; i < nth; i++) at = bytes.indexOf(type, at + 4);
    return at - 4;
  };
  const write = (bytes: Buffer, at: number, value: number): undefined => {
    bytes.set(u32(value), at);
  };
  const unchanged = (): undefined => undefined;

  test('what was assembled passes, in figures', async () => {
    const proof = await validateRendition({ ...film, objectKey: 'out/held.mp4' }, studio.ctx);
    assert.deepEqual(
      [proof.frames, proof.joins, proof.idrFrames, proof.maxTimeErrorTicks, proof.identicalChunks, proof.pictures.compared],
      [60, 2, 4, 0, 3, 4],
    );
    assert.deepEqual(proof.audio, [{ name: 'audio-eng', accessUnits: 119, audibleSamples: 120000, startErrorSamples: 0, lengthErrorSamples: 0 }]);
    assert.ok(proof.largestShareOfCeiling > 0 && proof.largestShareOfCeiling < 1);
  });

  test('of the pictures that were fed one object is held at a time, and all is given back, after a fault too', async () => {
    const { blobs } = studio.ctx;
    const fed = new Set(film.chunks.map(({ fingerprintKey }) => fingerprintKey));
    const held = { all: 0, fed: 0, mostFed: 0 };
    const openLocal = async (key: string) => {
      const local = await blobs.openLocal(key);
      held.all++;
      if (fed.has(key)) held.mostFed = Math.max(held.mostFed, ++held.fed);
      const release = async () => {
        await local.release();
        held.all--;
        if (fed.has(key)) held.fed--;
      };
      return { ...local, release };
    };
    const counted = new Proxy(blobs, { get: (target, name) => (name === 'openLocal' ? openLocal : Reflect.get(target, name, target)) });
    const ctx = { ...studio.ctx, blobs: counted };
    await validateRendition({ ...film, objectKey: 'out/held.mp4' }, ctx);
    assert.deepEqual(held, { all: 0, fed: 0, mostFed: 1 });
    const swapped = [film.chunks[0], { ...film.chunks[1], fingerprintKey: film.chunks[2].fingerprintKey }, film.chunks[2]];
    await assert.rejects(validateRendition({ ...film, chunks: swapped, objectKey: 'out/held.mp4' }, ctx), { code: 'SL-304' });
    assert.deepEqual(held, { all: 0, fed: 0, mostFed: 1 });
  });

  test('a frame moved by one tick', () =>
    refuse((bytes) => write(bytes, boxAt(bytes, 'stts') + 20, 513), 'SL-304', /180p at frame 1 \(00:00:00\.042\): it is presented at tick/));

  test('an IDR mark moved, and one that is no IDR', async () => {
    await refuse((bytes) => write(bytes, boxAt(bytes, 'stss') + 20, 20), 'SL-304', /frame 19 \(.*\): there is an IDR that the plan does not have/);
    const planned = film.plan.chunks.map((chunk) => (chunk.index === 1 ? { ...chunk, idrFrames: [20, 32] } : chunk));
    const idr = pictures[32];
    const asSlice = (bytes: Buffer): undefined => {
      let at = idr.offsetBytes;
      while ((bytes[at + 4] & 0x1f) !== 5) at += 4 + bytes.readUInt32BE(at);
      bytes[at + 4] = 0x61;
    };
    await refuse(asSlice, 'SL-304', /frame 32 .*marked as IDR and is none/, { plan: { ...film.plan, chunks: planned } });
  });

  test('one bit of one picture', () =>
    refuse(
      (bytes) => {
        bytes[pictures[25].offsetBytes + pictures[25].sizeBytes - 3] ^= 4;
        return bytes;
      },
      'SL-304',
      /frame 20 .*media of chunk 1 \(frames 20 to 39\)/,
    ));

  test('two pictures swapped', () =>
    refuse(
      (bytes) => {
        const [a, b] = [pictures[5], pictures[6]].map((sample) => bytes.subarray(sample.offsetBytes, sample.offsetBytes + sample.sizeBytes));
        const swapped = Buffer.concat([b, a]);
        bytes.set(swapped, pictures[5].offsetBytes);
        const sizes = boxAt(bytes, 'stsz') + 20;
        write(bytes, sizes + 5 * 4, b.byteLength);
        write(bytes, sizes + 6 * 4, a.byteLength);
        return bytes;
      },
      'SL-304',
      /media of chunk 0/,
    ));

  test('sound 40 ms late, cut short, or changed', async () => {
    const elst = (bytes: Buffer): number => boxAt(bytes, 'elst', 1);
    await refuse((bytes) => write(bytes, elst(bytes) + 20, 1024 - 960), 'SL-304', /audio-eng starts at sample -64 instead of -1024/);
    await refuse(
      (bytes) => write(bytes, elst(bytes) + 16, bytes.readUInt32BE(elst(bytes) + 16) - 1),
      'SL-304',
      /audio-eng is heard for \d+ samples instead of 120000/,
    );
    await refuse((bytes) => write(bytes, boxAt(bytes, 'stts', 1) + 20, 1023), 'SL-304', /audio-eng ends after/);
    await refuse(
      (bytes) => {
        bytes[bytes.byteLength - 2] ^= 1;
        return bytes;
      },
      'SL-304',
      /audio-eng has other sound/,
    );
    await refuse(unchanged, 'SL-304', /1 audio tracks instead of 0/, { audio: [] });
  });

  test('pictures that start elsewhere or end early', async () => {
    await refuse((bytes) => write(bytes, boxAt(bytes, 'elst') + 20, 512), 'SL-304', /frame 0 .*presented at tick/);
    await refuse(unchanged, 'SL-304', /start at tick 0 instead of 100/, { plan: { ...film.plan, videoStartTicks: 100 } });
    await refuse(unchanged, 'SL-304', /last 30720 ticks instead of 30721/, { plan: { ...film.plan, endPtsTicks: 30721 } });
  });

  test('a truncated file and rubbish', async () => {
    await refuse((bytes) => bytes.subarray(0, bytes.byteLength - 1), 'SL-304', /cannot be read/);
    await refuse(() => Buffer.alloc(5000, 1), 'SL-304', /cannot be read/);
  });

  test('a chunk that is not the proven one any more', async () => {
    const chunks = film.chunks.map((chunk, i) => (i === 2 ? { ...chunk, sha256: film.chunks[0].sha256 } : chunk));
    await refuse(unchanged, 'SL-905', /held\/chunk2.mp4 is not the proven one/, { chunks });
  });

  test('pictures of another shot, though every byte is the proven chunk’s', async () => {
    const [first, second, third] = film.chunks;
    const swapped = [first, { ...second, fingerprintKey: third.fingerprintKey }, third];
    await refuse(unchanged, 'SL-304', /frame (20|32) \(.*\): the picture/, { chunks: swapped });
  });

  test('a segment above the ceiling of its rung', () =>
    refuse(unchanged, 'SL-308', /frame 0 .*the segment has \d+ kbit in 0\.833 s where/, { rung: { ...film.rung, maxrateKbps: 10, bufsizeKbit: 5 } }));

  test('a picture alone between two borders, that stays long', async () => {
    const held = await makeFilm(studio, 'alone', {
      frameCount: 60,
      chunkStarts: [0, 20, 21],
      idrFrames: [0, 20, 21],
      timeBase: { num: 1, den: 12288 },
      ptsOf: (n) => n * 512 + (n >= 21 ? 153_600 : 0),
      ptsFormula: 'n*512+gte(n\\,21)*153600',
      endPtsTicks: 60 * 512 + 153_600,
    });
    const objectKey = 'out/alone.mp4';
    await assembleRendition({ ...held, title: '', chapters: [], outKey: objectKey }, studio.ctx);
    const report = await validateRendition({ ...held, objectKey }, studio.ctx);
    assert.equal(report.pictures.compared, 3);
  });
});
