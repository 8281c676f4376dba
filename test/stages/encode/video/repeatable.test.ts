import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { FfmpegMediaTools } from '../../../../src/adapters/ffmpeg/media-tools.ts';
import { ENCODER_OF_CODEC, type PlannedRung } from '../../../../src/model/ladder.ts';
import { recipeOf } from '../../../../src/stages/encode/video/recipe.ts';

const RUNS = 4;
/** Noise that asks for far more than the ceiling: the rate control decides about every picture. */
const NOISE = 'life=size=320x180:rate=24:mold=10:ratio=0.2:seed=7,format=yuv420p';
const PRESETS = { h264: 'veryfast', h265: 'ultrafast', av1: '8' } as const;

const tools = await FfmpegMediaTools.open(process.env);

for (const [codec, encoder] of Object.entries(ENCODER_OF_CODEC) as [PlannedRung['codec'], string][]) {
  const skip = tools.abilities.encoders.has(encoder) ? false : `this ffmpeg has no ${encoder}`;
  test(`${codec} at its ceiling gives the same bytes every time`, { skip }, async () => {
    const rung: PlannedRung = {
      name: 'r',
      container: 'mp4',
      codec,
      boxPx: 180,
      widthPx: 320,
      heightPx: 180,
      crf: 26,
      maxrateKbps: 800,
      bufsizeKbit: 800,
      preset: PRESETS[codec],
      picturesFrom: null,
    };
    const { args } = recipeOf(rung, 24, [1], 1 / 24);
    // At once, so that threads would meet each other in another order each time.
    const hashes = await Promise.all(Array.from({ length: RUNS }, () => hashOfEncoded(encoder, args)));
    assert.deepEqual(new Set(hashes).size, 1, hashes.join(' '));
  });
}

async function hashOfEncoded(encoder: string, recipe: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  await tools.run({
    tool: 'ffmpeg',
    args: [
      '-f',
      'lavfi',
      '-i',
      NOISE,
      '-frames:v',
      '72',
      '-c:v',
      encoder,
      ...recipe,
      '-bitexact',
      '-movflags',
      '+frag_keyframe+empty_moov',
      '-f',
      'mp4',
      'pipe:1',
    ],
    outputs: { 1: (bytes) => void hash.update(bytes) },
    limits: { stallMs: 120_000, wallMs: 600_000 },
  });
  return hash.digest('hex');
}
