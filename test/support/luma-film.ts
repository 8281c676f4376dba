import { LUMA_BYTES, LUMA_HEIGHT_PX, LUMA_WIDTH_PX, measureChange, measurePicture, storedPicture } from '../../src/stages/inspect/shots/features.ts';
import type { DetectorFrame } from '../../src/stages/inspect/shots/frame-window.ts';
import { seededRandom } from './mangle-text.ts';

/** A smooth picture of its own for every seed, drawn `shiftPx` to the side. */
export function scene(seed: number, shiftPx = 0): Uint8Array {
  const random = seededRandom(seed);
  const waves = Array.from({ length: 6 }, () => ({ fx: random() * 0.5, fy: random() * 0.5, phase: random() * 6.3, size: 12 + random() * 14 }));
  const luma = new Uint8Array(LUMA_BYTES);
  for (let y = 0; y < LUMA_HEIGHT_PX; y++) {
    for (let x = 0; x < LUMA_WIDTH_PX; x++) {
      let level = 120;
      for (const { fx, fy, phase, size } of waves) level += size * Math.sin(fx * (x + shiftPx) + fy * y + phase);
      luma[y * LUMA_WIDTH_PX + x] = Math.max(16, Math.min(235, Math.round(level)));
    }
  }
  return luma;
}

export function flat(level: number): Uint8Array {
  return new Uint8Array(LUMA_BYTES).fill(level);
}

/** `share` of `b`, the rest of `a`. */
export function blend(a: Uint8Array, b: Uint8Array, share: number): Uint8Array {
  return a.map((level, i) => Math.round(level + (b[i] - level) * share));
}

export function brightened(luma: Uint8Array, levels: number): Uint8Array {
  return luma.map((level) => Math.max(16, Math.min(235, level + levels)));
}

/** Frames as the detectors get them, one per tick. */
export function framesOf(pictures: readonly Uint8Array[]): DetectorFrame[] {
  return pictures.map((luma, i) => {
    const features = measurePicture(luma);
    if (i > 0) measureChange(pictures[i - 1], luma, features);
    return { ptsTicks: i, features, picture: storedPicture(luma) };
  });
}

/** What `eq=brightness=-0.15:contrast=0.6` makes of pictures. */
export function darkened(pictures: readonly Uint8Array[]): Uint8Array[] {
  return pictures.map((luma) => luma.map((level) => Math.round(0.6 * (level - 127.5) + 127.5 - 0.15 * 255)));
}
