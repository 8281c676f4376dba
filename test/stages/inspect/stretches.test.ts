import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlackDetector, FrozenDetector } from '../../../src/stages/inspect/stretches.ts';
import { flat, framesOf, scene } from '../../support/luma-film.ts';

const TWENTY_FOURTHS = { num: 1, den: 24 };

function detect(Detector: typeof BlackDetector | typeof FrozenDetector, pictures: readonly Uint8Array[]) {
  const detector = new Detector(TWENTY_FOURTHS);
  for (const frame of framesOf(pictures)) detector.push(frame);
  return detector.finish(pictures.length).map(({ startFrame, endFrameExclusive }) => [startFrame, endFrameExclusive]);
}

const moving = (frames: number) => Array.from({ length: frames }, (_, i) => scene(1, i));
const still = (frames: number, picture: Uint8Array) => Array.from({ length: frames }, () => picture);

test('black of half a second and more is told, at the film borders too', () => {
  assert.deepEqual(detect(BlackDetector, [...still(12, flat(16)), ...moving(20), ...still(11, flat(20)), ...moving(5), ...still(30, flat(17))]), [
    [0, 12],
    [48, 78],
  ]);
});

test('a dark picture with a light in it is not black', () => {
  const night = flat(18);
  night.fill(120, 0, 64);
  assert.deepEqual(detect(BlackDetector, still(48, night)), []);
});

test('a standing picture of two seconds and more is told, with its first frame', () => {
  assert.deepEqual(detect(FrozenDetector, [...moving(10), ...still(48, scene(3)), ...moving(10), ...still(47, scene(4)), ...moving(3)]), [[10, 58]]);
  assert.deepEqual(detect(FrozenDetector, [...moving(3), ...still(60, scene(3))]), [[3, 63]]);
});

test('coding noise does not end a standing picture, slow drift does', () => {
  const noisy = still(72, scene(3)).map((luma, i) => luma.map((level, k) => level + ((i + k) % 8 === 0 ? 1 : 0)));
  assert.deepEqual(detect(FrozenDetector, noisy), [[0, 72]]);
  const drifting = Array.from({ length: 240 }, (_, i) => scene(3, i / 24));
  assert.deepEqual(detect(FrozenDetector, drifting), []);
});

test('black is not called frozen', () => {
  assert.deepEqual(detect(FrozenDetector, still(100, flat(16))), []);
});
