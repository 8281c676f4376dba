import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShotDetector } from '../../../../src/stages/inspect/shots/shot-detector.ts';
import { blend, brightened, darkened, flat, framesOf, scene } from '../../../support/luma-film.ts';
import { seededRandom } from '../../../support/mangle-text.ts';
import { bordersOf } from '../../../support/shot-borders.ts';

const TWENTY_FOURTHS = { num: 1, den: 24 };

function shotsOf(pictures: readonly Uint8Array[]) {
  const detector = new ShotDetector(TWENTY_FOURTHS);
  for (const frame of framesOf(pictures)) detector.push(frame);
  return detector.finish();
}

/** A shot in which the camera moves by this many pixels a frame. */
function shot(seed: number, frames: number, pace = 0.5): Uint8Array[] {
  return Array.from({ length: frames }, (_, i) => scene(seed, i * pace));
}

function ramp(from: Uint8Array, to: Uint8Array, frames: number): Uint8Array[] {
  return Array.from({ length: frames }, (_, i) => blend(from, to, (i + 1) / (frames + 1)));
}

test('hard cuts are found where they are, also of short shots', () => {
  assert.deepEqual(bordersOf([...shot(1, 30), ...shot(2, 9), ...shot(3, 40), ...shot(4, 5)]), [30, 39, 79]);
});

test('shots cover every frame once', () => {
  const shots = shotsOf([...shot(1, 30), ...shot(2, 24)]);
  assert.deepEqual(shots, [
    { startFrame: 0, endFrameExclusive: 30, startSeconds: 0 },
    { startFrame: 30, endFrameExclusive: 54, startSeconds: 1.25 },
  ]);
  assert.deepEqual(shotsOf([]), []);
  assert.deepEqual(shotsOf([scene(1)]), [{ startFrame: 0, endFrameExclusive: 1, startSeconds: 0 }]);
});

test('a cut right after the first and right before the last frame is found', () => {
  assert.deepEqual(bordersOf([scene(1), ...shot(2, 30), scene(3)]), [1, 31]);
});

test('cuts in the dark are found', () => {
  const dark = (pictures: Uint8Array[]) => pictures.map((luma) => luma.map((level) => 16 + Math.round((level - 16) * 0.15)));
  assert.deepEqual(bordersOf(dark([...shot(1, 30), ...shot(2, 30)])), [30]);
});

test('motion, a change of light, noise and repeated frames are no cuts', () => {
  assert.deepEqual(bordersOf(shot(5, 60, 3)), []);
  assert.deepEqual(bordersOf(shot(1, 60).map((luma, i) => (i < 30 ? luma : brightened(luma, 40)))), []);
  assert.deepEqual(bordersOf(shot(1, 40, 0).map((luma, i) => luma.map((level, k) => level + ((i * 7919 + k * 104_729) % 9) - 4))), []);
  assert.deepEqual(bordersOf(shot(1, 30).flatMap((luma) => [luma, luma])), []);
});

test('a flash of one to three frames is no border', () => {
  for (const length of [1, 2, 3]) {
    const film = shot(1, 60);
    for (let i = 0; i < length; i++) film[30 + i] = flat(235);
    assert.deepEqual(bordersOf(film), [], `${length} frames`);
  }
});

test('a short fade through black is parted where it is darkest', () => {
  const [a, b] = [scene(1), scene(2)];
  const film = [...shot(1, 30, 0), ...ramp(a, flat(16), 12), ...Array.from({ length: 6 }, () => flat(16)), ...ramp(flat(16), b, 12), ...shot(2, 30, 0)];
  const [border, ...more] = bordersOf(film);
  assert.deepEqual(more, []);
  assert.ok(border >= 40 && border <= 50, `at ${border}`);
});

test('after a long black the next shot starts with its first picture', () => {
  const film = [...shot(1, 30), ...Array.from({ length: 48 }, () => flat(16)), ...shot(2, 30)];
  assert.deepEqual(bordersOf(film), [30, 78]);
  const faded = [
    ...shot(1, 30, 0),
    ...ramp(scene(1), flat(16), 24),
    ...Array.from({ length: 48 }, () => flat(16)),
    ...ramp(flat(16), scene(2), 24),
    ...shot(2, 30, 0),
  ];
  const [border, ...more] = bordersOf(faded);
  assert.deepEqual(more, []);
  assert.ok(border >= 102 && border <= 108, `at ${border}`);
});

test('a dissolve is one border inside it, on a dark film too', () => {
  for (const length of [8, 10, 20, 28, 40]) {
    const film = [...shot(1, 40, 0), ...ramp(scene(1), scene(2), length), ...shot(2, 40, 0)];
    for (const pictures of [film, darkened(film)]) {
      const [border, ...more] = bordersOf(pictures);
      assert.deepEqual(more, [], `${length} frames`);
      assert.ok(border >= 40 && border < 40 + length, `${length} frames: at ${border}`);
    }
  }
});

test('a dissolve between cameras that move is one border inside it', () => {
  for (const [own, other] of [
    [1, 2],
    [5, 6],
    [9, 10],
  ]) {
    for (const length of [8, 12, 20, 28]) {
      const [a, b] = [shot(own, 40 + length, 0.2), shot(other, 40 + length, -0.2)];
      const mixed = Array.from({ length }, (_, i) => blend(a[40 + i], b[i], (i + 1) / (length + 1)));
      const [border, ...more] = bordersOf([...a.slice(0, 40), ...mixed, ...b.slice(length)]);
      assert.deepEqual(more, [], `${length} frames`);
      assert.ok(border >= 40 && border < 40 + length, `${length} frames: at ${border}`);
    }
  }
});

test('a light that flickers on its way from one state to another is no dissolve', () => {
  const [a, b] = [scene(1), scene(2)];
  const shares = [0, 0.75, 0.25, 0.6, 0.5, 0.4, 0.75, 0.25, 1];
  const flicker = shares.slice(1).flatMap((share, i) => [1, 2, 3].map((step) => blend(a, b, shares[i] + ((share - shares[i]) * step) / 3)));
  assert.deepEqual(bordersOf([...shot(1, 40, 0), ...flicker, ...shot(2, 40, 0)]), []);
});

test('a short time of nothing is one border, however the film gets into it and out of it', () => {
  const nothing = (level: number, frames: number) => Array.from({ length: frames }, () => flat(level));
  const into = { cut: () => [], fade: (level: number) => ramp(scene(1), flat(level), 10) };
  const out = { cut: () => [], fade: (level: number) => ramp(flat(level), scene(2), 10) };
  for (const level of [16, 235]) {
    for (const [start, before] of Object.entries(into)) {
      for (const [end, after] of Object.entries(out)) {
        const head = [...shot(1, 30, 0), ...before(level)];
        const film = [...head, ...nothing(level, 8), ...after(level), ...shot(2, 30, 0)];
        for (const pictures of [film, darkened(film)]) {
          const [border, ...more] = bordersOf(pictures);
          assert.deepEqual(more, [], `${start} into ${level}, ${end} out of it`);
          const latest = head.length + 8 + 2;
          assert.ok(border >= head.length - 2 && border <= latest, `${start} into ${level}, ${end} out of it: at ${border}`);
        }
      }
    }
  }
});

test('whatever the film shows, every shot has frames and every frame is in one shot', () => {
  // White, a glimpse and black: both stretches of nothing are borders of the same cut.
  const glimpse = [flat(235), ...Array<Uint8Array>(2).fill(blend(scene(2), flat(235), 0.7)), ...Array<Uint8Array>(6).fill(flat(16))];
  assertWhole([...shot(1, 30, 0), ...glimpse, ...ramp(flat(16), scene(3), 10), ...shot(3, 30, 0)]);
  const random = seededRandom(7);
  const pick = (most: number) => Math.floor(random() * most);
  const pictures = [flat(16), flat(235), flat(128), scene(1), scene(2), scene(3)];
  for (let film = 0; film < 20; film++) {
    assertWhole(Array.from({ length: 30 }, () => Array<Uint8Array>(1 + pick(film % 2 === 0 ? 4 : 12)).fill(pictures[pick(pictures.length)])).flat());
  }
});

function assertWhole(pictures: readonly Uint8Array[]): void {
  let next = 0;
  for (const { startFrame, endFrameExclusive } of shotsOf(pictures)) {
    assert.ok(startFrame === next && endFrameExclusive > startFrame, `${startFrame} to ${endFrameExclusive}`);
    next = endFrameExclusive;
  }
  assert.equal(next, pictures.length);
}
