import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LUMA_HEIGHT_PX, LUMA_WIDTH_PX } from '../../../../src/stages/inspect/shots/features.ts';
import { blend, brightened, darkened, flat, scene } from '../../../support/luma-film.ts';
import { bordersOf } from '../../../support/shot-borders.ts';

type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/** The picture with another one's pixels inside a box; what lies outside the picture is left out. */
function withBox(luma: Uint8Array, { left, top, right, bottom }: Box, inside: Uint8Array): Uint8Array {
  const out = Uint8Array.from(luma);
  for (let y = Math.max(0, top); y < Math.min(LUMA_HEIGHT_PX, bottom); y++) {
    for (let x = Math.max(0, left); x < Math.min(LUMA_WIDTH_PX, right); x++) out[y * LUMA_WIDTH_PX + x] = inside[y * LUMA_WIDTH_PX + x];
  }
  return out;
}

/** What a shutter open all the time sees of a camera that turns from one place to another. */
function blurred(seed: number, fromPx: number, toPx: number): Uint8Array {
  const steps = Math.max(1, Math.ceil(Math.abs(toPx - fromPx) / 2));
  const pictures = Array.from({ length: steps }, (_, i) => scene(seed, fromPx + ((toPx - fromPx) * (i + 0.5)) / steps));
  return pictures[0].map((_, at) => Math.round(pictures.reduce((sum, picture) => sum + picture[at], 0) / steps));
}

/** A camera that stands, whips by this many pixels within some frames, faster in the middle, and stands again. */
function whipPan(seed: number, pixels: number, frames: number): Uint8Array[] {
  const place = (share: number) => (pixels * (1 - Math.cos(Math.PI * Math.min(1, Math.max(0, share))))) / 2;
  return Array.from({ length: 60 + frames }, (_, i) => blurred(seed, place((i - 30) / frames), place((i - 29) / frames)));
}

function still(seed: number, frames: number): Uint8Array[] {
  return Array.from({ length: frames }, (_, i) => scene(seed, i * 0.3));
}

/** Each as it is, and as on a darkened copy. */
function assertNoBorder(pictures: readonly Uint8Array[], what: string): void {
  assert.deepEqual(bordersOf(pictures), [], what);
  assert.deepEqual(bordersOf(darkened(pictures)), [], `${what}, darkened`);
}

describe('no border', () => {
  test('at flashes: whole white, half white, in a row, with an afterglow', () => {
    for (const seed of [1, 6, 9]) {
      for (const length of [1, 2, 3]) {
        const film = still(seed, 70);
        for (let i = 0; i < length; i++) film[30 + i] = blend(film[30 + i], flat(235), 0.6);
        assertNoBorder(film, `half white for ${length}`);
      }
      const storm = still(seed, 90).map((luma, i) => (i > 20 && i < 60 && i % 7 < 2 ? brightened(luma, 80) : luma));
      assertNoBorder(storm, 'lightning');
      const glow = still(seed, 90).map((luma, i) => (i < 30 ? luma : blend(luma, flat(235), 0.9 * 0.7 ** (i - 30))));
      assertNoBorder(glow, 'a bang that fades away');
    }
  });

  test('at whip pans', () => {
    for (const seed of [1, 5, 8])
      for (const [pixels, frames] of [
        [60, 10],
        [120, 12],
        [200, 14],
        [-90, 8],
      ])
        assertNoBorder(whipPan(seed, pixels, frames), `${pixels} px in ${frames}, scene ${seed}`);
  });

  test('at things that pass close to the camera', () => {
    for (const seed of [1, 5]) {
      for (const [widthPx, pace] of [
        [50, 6],
        [80, 9],
        [30, 10],
      ]) {
        const film = still(seed, 80).map((luma, i) => {
          const left = (i - 30) * pace - widthPx;
          return withBox(luma, { left, right: left + widthPx, top: 0, bottom: LUMA_HEIGHT_PX }, scene(seed + 40, left));
        });
        assertNoBorder(film, `${widthPx} px wide at ${pace} px a frame, scene ${seed}`);
      }
    }
  });

  test('at an iris, a curtain and bars that close over a shot and open it', () => {
    for (const seed of [1, 8]) {
      const masked = (luma: Uint8Array, isShown: (x: number, y: number) => boolean) =>
        luma.map((level, at) => (isShown(at % LUMA_WIDTH_PX, Math.floor(at / LUMA_WIDTH_PX)) ? level : 16));
      const iris = still(seed, 120).map((luma, i) => (i < 30 || i >= 70 ? luma : masked(luma, (x, y) => (x - 32) ** 2 + (y - 18) ** 2 < 130)));
      assertNoBorder(iris, `iris, scene ${seed}`);
      const curtain = still(seed, 90).map((luma, i) => (i < 30 ? luma : masked(luma, (x) => x < 24)));
      assertNoBorder(curtain, `curtain, scene ${seed}`);
    }
  });

  test('at burnt-in changes: subtitles, a lower third, a logo, a running clock', () => {
    const lettering = (seed: number) => scene(seed).map((level) => (level > 120 ? 235 : 16));
    const boxes: { readonly [what: string]: Box } = {
      subtitle: { left: 8, right: 56, top: 28, bottom: 34 },
      'lower third': { left: 0, right: LUMA_WIDTH_PX, top: 25, bottom: LUMA_HEIGHT_PX },
      logo: { left: 50, right: 62, top: 2, bottom: 9 },
      'bars above and below': { left: 0, right: LUMA_WIDTH_PX, top: 0, bottom: 5 },
    };
    for (const [what, box] of Object.entries(boxes)) {
      const film = still(3, 90).map((luma, i) => (i < 30 ? luma : withBox(luma, box, lettering(i < 60 ? 50 : 51))));
      assertNoBorder(film, what);
    }
    const clock = still(4, 90).map((luma, i) => withBox(luma, boxes.subtitle, lettering(60 + i)));
    assertNoBorder(clock, 'a clock that changes with every frame');
  });
});
