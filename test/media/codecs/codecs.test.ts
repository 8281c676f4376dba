import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAacConfig } from '../../../src/media/codecs/aac.ts';
import { isAv1KeyFrame, parseAv1Config } from '../../../src/media/codecs/av1.ts';
import { isAvcIdr, parseAvcConfig } from '../../../src/media/codecs/avc.ts';
import { isHevcIdr, parseHevcConfig } from '../../../src/media/codecs/hevc.ts';
import { splitNals } from '../../../src/media/codecs/nal.ts';
import { seededRandom } from '../../support/mangle-text.ts';
import { AVCC, ESDS } from '../isobmff/fixture.ts';

/** Main profile, level 4, as x265 writes it, with an array of each kind of parameter set. */
const HVCC = Uint8Array.from([
  ...[1, 0x01, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 120, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 3],
  ...[0xa0, 0, 1, 0, 2, 0x40, 1, 0xa1, 0, 1, 0, 2, 0x42, 1, 0xa2, 0, 1, 0, 2, 0x44, 1],
]);
const AV1C = Uint8Array.from([0x81, 0x08, 0x0c, 0]);

const nals = (lengthSize: number, ...types: number[]): Uint8Array =>
  Uint8Array.from(types.flatMap((type) => [...Array(lengthSize - 1).fill(0), 2, type, 0x88]));

test('codec strings', () => {
  assert.deepEqual(parseAvcConfig(AVCC), { codec: 'avc1.64001f', lengthSizeBytes: 4 });
  assert.deepEqual(parseHevcConfig(HVCC), { codec: 'hvc1.1.6.L120.90', lengthSizeBytes: 4, hasParameterSets: true });
  assert.equal(parseAv1Config(AV1C).codec, 'av01.0.08M.08');
  assert.equal(parseAv1Config(Uint8Array.from([0x81, 0x2d, 0xcc, 0])).codec, 'av01.1.13H.10');
  assert.deepEqual(parseAacConfig(ESDS), { codec: 'mp4a.40.2', channels: 2 });
});

test('an hvcC without parameter sets is noticed', () => {
  const bare = HVCC.slice(0, 23);
  bare[22] = 0;
  assert.equal(parseHevcConfig(bare).hasParameterSets, false);
});

test('descriptor sizes may take up to four bytes', () => {
  const padded = Uint8Array.from([0, 0, 0, 0, 3, 0x80, 0x80, 0x80, 28, 0, 1, 0, 4, 0x80, 0x80, 0x80, 17, ...ESDS.subarray(11)]);
  assert.equal(parseAacConfig(padded).codec, 'mp4a.40.2');
});

test('a sample is cut at its NAL units, with every size of length', () => {
  for (const lengthSize of [1, 2, 4]) {
    const sample = nals(lengthSize, 9, 0x65);
    assert.deepEqual(
      splitNals(sample, lengthSize).map((nal) => [...nal]),
      [
        [9, 0x88],
        [0x65, 0x88],
      ],
    );
    for (let end = 1; end < sample.byteLength; end++)
      if (end !== sample.byteLength / 2) assert.throws(() => splitNals(sample.subarray(0, end), lengthSize), RangeError);
  }
  assert.throws(() => splitNals(Uint8Array.of(0, 0, 0, 0), 4), RangeError);
  assert.throws(() => splitNals(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1), 4), RangeError);
});

test('only an IDR picture is an IDR', () => {
  assert.equal(isAvcIdr(nals(4, 9, 6, 0x65, 0x65), 4), true);
  assert.equal(isAvcIdr(nals(4, 6, 0x41), 4), false);
  assert.equal(isAvcIdr(nals(4, 0x65, 0x41), 4), false);
  assert.equal(isAvcIdr(nals(4, 6), 4), false);
  assert.equal(isHevcIdr(nals(4, 0x4e, 19 << 1), 4), true);
  assert.equal(isHevcIdr(nals(4, 20 << 1), 4), true);
  assert.equal(isHevcIdr(nals(4, 21 << 1), 4), false);
  assert.equal(isHevcIdr(nals(4, 1 << 1), 4), false);
  const obus = (frameHeader: number): Uint8Array => Uint8Array.of(0x12, 0, 0x0a, 2, 1, 1, 0x32, 3, frameHeader, 0, 0);
  assert.equal(isAv1KeyFrame(obus(0x10)), true);
  assert.equal(isAv1KeyFrame(obus(0x30)), false);
  assert.equal(isAv1KeyFrame(obus(0x90)), false);
  assert.equal(isAv1KeyFrame(Uint8Array.of(0x12, 0)), false);
  assert.throws(() => isAv1KeyFrame(Uint8Array.of(0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)), RangeError);
});

test('hostile configurations and samples are refused or read, and nothing else', () => {
  const random = seededRandom(9);
  const readers: [Uint8Array, (bytes: Uint8Array) => unknown][] = [
    [AVCC, parseAvcConfig],
    [HVCC, parseHevcConfig],
    [AV1C, parseAv1Config],
    [ESDS, parseAacConfig],
    [nals(4, 9, 6, 0x65), (bytes) => isAvcIdr(bytes, 4)],
    [nals(4, 0x40, 0x42, 0x44, 0x26), (bytes) => isHevcIdr(bytes, 4)],
    [Uint8Array.of(0x12, 0, 0x0a, 2, 1, 1, 0x32, 3, 0x10, 0, 0), isAv1KeyFrame],
  ];
  for (const [bytes, read] of readers) {
    const tries = [...Array.from(bytes, (_, end) => bytes.subarray(0, end))];
    for (let i = 0; i < 1000; i++) {
      const flipped = Uint8Array.from(bytes);
      flipped[Math.floor(random() * flipped.byteLength)] = Math.floor(random() * 256);
      tries.push(flipped);
    }
    for (const hostile of tries) {
      try {
        read(hostile);
      } catch (error) {
        assert.ok(error instanceof RangeError, `${error}`);
      }
    }
  }
  for (let end = 0; end < ESDS.byteLength - 3; end++) assert.throws(() => parseAacConfig(ESDS.subarray(0, end)), RangeError);
  for (let end = 0; end < HVCC.byteLength; end++) assert.throws(() => parseHevcConfig(HVCC.subarray(0, end)), RangeError);
});
