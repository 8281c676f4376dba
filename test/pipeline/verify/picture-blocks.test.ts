import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PICTURE_BYTES } from '../../../src/model/frame-index.ts';
import { PictureComparison, type PictureVerdict } from '../../../src/pipeline/verify/picture-blocks.ts';

/** Pictures of which no two are alike: a bright bar that wanders over a pattern of its own. */
function pictureOf(frame: number): Buffer {
  return Buffer.from(Array.from({ length: PICTURE_BYTES }, (_, i) => ((i + 3 * frame) % 32 < 8 ? 200 : 40 + ((frame * 7) % 60))));
}

function film(frames: readonly number[]): Buffer {
  return Buffer.concat(frames.map(pictureOf));
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

async function compare(expected: Buffer, seen: Buffer, pieceBytes = 65_536): Promise<{ verdict: PictureVerdict; faults: number[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-blocks-'));
  const faults: number[] = [];
  try {
    const path = join(folder, 'expected.luma');
    await writeFile(path, expected);
    const comparison = await PictureComparison.open(path, (frame) => faults.push(frame));
    try {
      for (let at = 0; at < seen.byteLength; at += pieceBytes) await comparison.push(seen.subarray(at, at + pieceBytes));
      return { verdict: await comparison.finish(), faults };
    } finally {
      await comparison.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('PictureComparison', () => {
  for (const count of [1, 2, 599, 600, 601, 602, 603, 1200, 1203, 2000]) {
    it(`finds nothing in ${count} equal pictures, however they are cut on the way`, async () => {
      const pictures = film(range(count));
      for (const pieceBytes of [1000, PICTURE_BYTES, 65_536]) {
        assert.deepEqual(await compare(pictures, pictures, pieceBytes), { verdict: { frames: count, medianError: 0, largestError: 0 }, faults: [] });
      }
    });
  }

  for (const at of [0, 1, 300, 597, 598, 599, 600, 601, 602, 1199, 1200, 1398]) {
    it(`sees that pictures ${at} and ${at + 1} of 1400 changed places, each once`, async () => {
      const swapped = range(1400);
      [swapped[at], swapped[at + 1]] = [at + 1, at];
      assert.deepEqual((await compare(film(range(1400)), film(swapped))).faults, [at, at + 1]);
    });
  }

  it('sees a picture that is not like the one before it in another block', async () => {
    const doubled = range(1400);
    doubled[600] = 599;
    assert.deepEqual((await compare(film(range(1400)), film(doubled))).faults, [600]);
  });

  it('sees a stretch that is dull all over, in whichever block it is', async () => {
    const seen = film(range(1400));
    for (let i = 600 * PICTURE_BYTES; i < seen.byteLength; i++) seen[i] = Math.min(255, seen[i] + 4);
    const { faults } = await compare(film(range(1400)), seen);
    assert.ok(faults.includes(600) && faults.includes(1200), faults.join());
  });

  it('compares what both have and counts the rest', async () => {
    const { verdict, faults } = await compare(film(range(700)), film(range(650)));
    assert.deepEqual([verdict.frames, faults], [650, []]);
    const longer = await compare(film(range(650)), film(range(2000)));
    assert.deepEqual([longer.verdict.frames, longer.faults], [2000, []]);
  });

  it('refuses a stream that ends within a picture', async () => {
    await assert.rejects(compare(film(range(3)), film(range(3)).subarray(0, 1000)), RangeError);
  });
});
