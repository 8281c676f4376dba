import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostDifferentPart } from '../../../src/roles/report/detail.ts';

const [WIDTH, HEIGHT] = [1280, 720];

function plane(change: (picture: Uint8Array) => void = () => {}): Uint8Array {
  const picture = new Uint8Array(WIDTH * HEIGHT).fill(100);
  change(picture);
  return picture;
}

test('the part in which two pictures differ most is found, at the edge as well', () => {
  const blot = (x: number, y: number) =>
    plane((picture) => {
      for (let row = y; row < y + 40; row++) picture.fill(200, row * WIDTH + x, row * WIDTH + x + 40);
      picture[0] = 255;
    });
  for (const [x, y] of [
    [0, 0],
    [600, 300],
    [WIDTH - 40, HEIGHT - 40],
  ]) {
    const part = mostDifferentPart([plane(), blot(x, y)], WIDTH, HEIGHT);
    assert.ok(
      part && part.xPx <= x && part.yPx <= y && part.xPx + part.widthPx >= x + 40 && part.yPx + part.heightPx >= y + 40,
      `${x},${y}: ${JSON.stringify(part)}`,
    );
    assert.ok(part.xPx >= 0 && part.xPx + part.widthPx <= WIDTH && part.yPx + part.heightPx <= HEIGHT);
  }
});

test('equal pictures and small ones have none', () => {
  assert.equal(mostDifferentPart([plane(), plane()], WIDTH, HEIGHT), null);
  assert.equal(mostDifferentPart([new Uint8Array(320 * 180), new Uint8Array(320 * 180).fill(9)], 320, 180), null);
});
