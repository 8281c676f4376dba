import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PICTURE_BYTES } from '../../src/model/frame-index.ts';
import { FED_LIMITS, matchPictures, resemblesMaster } from '../../src/model/picture-match.ts';

/** A bright bar that walks: every frame differs from its neighbours. */
function walkingBar(frames: number, noise = 0, seed = 1): Uint8Array {
  const bytes = new Uint8Array(frames * PICTURE_BYTES);
  let state = seed;
  for (let frame = 0; frame < frames; frame++) {
    for (let i = 0; i < PICTURE_BYTES; i++) {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      const bar = Math.abs((i % 32) - (frame % 32)) < 3 ? 200 : 40;
      bytes[frame * PICTURE_BYTES + i] = bar + (noise > 0 ? (state >> 16) % (noise + 1) : 0);
    }
  }
  return bytes;
}

const frameOf = (bytes: Uint8Array, i: number) => bytes.subarray(i * PICTURE_BYTES, (i + 1) * PICTURE_BYTES);

function reordered(bytes: Uint8Array, order: readonly number[]): Uint8Array {
  return Buffer.concat(order.map((i) => frameOf(bytes, i)));
}

test('the fed pictures with an encoder error of a level pass', () => {
  assert.deepEqual(matchPictures(walkingBar(60), walkingBar(60, 1), FED_LIMITS).faults, []);
});

for (const [name, order] of [
  ['swapped neighbours', [0, 1, 2, 4, 3, 5, 6, 7]],
  ['a doubled frame and the next one lost', [0, 1, 2, 2, 4, 5, 6, 7]],
  ['all shifted by one', [1, 2, 3, 4, 5, 6, 7, 7]],
] as const) {
  test(`${name} are seen at the right place`, () => {
    const fed = walkingBar(8);
    const { faults } = matchPictures(fed, reordered(fed, order), FED_LIMITS);
    const firstWrong = order.findIndex((from, to) => from !== to);
    assert.equal(faults[0]?.position, firstWrong);
  });
}

test('a frame of another shot is seen though its neighbours look alike', () => {
  const still = new Uint8Array(20 * PICTURE_BYTES).fill(90);
  const seen = Uint8Array.from(still);
  seen.fill(120, 7 * PICTURE_BYTES, 8 * PICTURE_BYTES);
  assert.equal(matchPictures(still, seen, FED_LIMITS).faults[0]?.position, 7);
});

test('an encoder that lags in a slow fade is not a fault', () => {
  const frames = 60;
  const fed = new Uint8Array(frames * PICTURE_BYTES);
  const seen = new Uint8Array(frames * PICTURE_BYTES);
  for (let i = 0; i < frames; i++) {
    fed.fill(100 + Math.floor(i / 2), i * PICTURE_BYTES, (i + 1) * PICTURE_BYTES);
    seen.fill(100 + Math.floor(Math.max(0, i - 1) / 2), i * PICTURE_BYTES, (i + 1) * PICTURE_BYTES);
  }
  assert.deepEqual(matchPictures(fed, seen, FED_LIMITS).faults, []);
});

test('a nearly flat picture that fades fast is not a fault, whatever becomes of its faint shape', () => {
  const frames = 12;
  const fed = new Uint8Array(frames * PICTURE_BYTES);
  const seen = new Uint8Array(frames * PICTURE_BYTES);
  for (let i = 0; i < frames * PICTURE_BYTES; i++) {
    const frame = Math.floor(i / PICTURE_BYTES);
    const faint = i % 4 < 2 ? 1 : 0;
    fed[i] = 20 * frame + faint * (frame % 2 === 0 ? 2 : 0);
    // One picture loses its faint shape, and in that is like the ones beside it.
    seen[i] = frame === 6 ? 20 * frame + 1 : fed[i];
  }
  assert.deepEqual(matchPictures(fed, seen, FED_LIMITS).faults, []);
});

test('rubbish over a whole chunk is a fault though every frame is equally bad', () => {
  const seen = new Uint8Array(30 * PICTURE_BYTES).fill(128);
  assert.ok(matchPictures(walkingBar(30), seen, FED_LIMITS).faults.length > 0);
});

test('different sizes are refused', () => {
  assert.throws(() => matchPictures(new Uint8Array(PICTURE_BYTES), new Uint8Array(2 * PICTURE_BYTES), FED_LIMITS), RangeError);
  assert.throws(() => matchPictures(new Uint8Array(5), new Uint8Array(5), FED_LIMITS), RangeError);
});

test('a tone curve still resembles its master, another film does not', () => {
  const master = walkingBar(20);
  const toned = master.map((luma) => Math.round(255 * (luma / 255) ** 0.6));
  assert.equal(resemblesMaster(master, toned), true);
  const other = reordered(
    master,
    [...Array(20).keys()].map((i) => (i + 9) % 20),
  );
  assert.equal(resemblesMaster(master, other), false);
  assert.equal(resemblesMaster(new Uint8Array(PICTURE_BYTES).fill(16), new Uint8Array(PICTURE_BYTES).fill(200)), false);
});
