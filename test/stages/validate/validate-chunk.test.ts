import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedRung } from '../../../src/model/ladder.ts';
import { fileInput } from '../../../src/model/media-input.ts';
import { scoredPositions } from '../../../src/model/quality.ts';
import { encodeChunk } from '../../../src/stages/encode/video/encode-chunk.ts';
import { validateChunk } from '../../../src/stages/validate/validate-chunk.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { ffmpeg, mediaTools, stageContext } from '../../support/stage-context.ts';
import { videoTrack } from '../../support/video-track.ts';

const FRAMES = 48;
const timeBase = { num: 1, den: 12_288 };
const rungs: PlannedRung[] = [180, 90].map((heightPx) => ({
  ...{ name: `${heightPx}p`, container: 'mp4', codec: 'h264', boxPx: heightPx, crf: 30, maxrateKbps: 2000, bufsizeKbit: 4000, preset: 'ultrafast' },
  ...{ widthPx: (heightPx * 16) / 9, heightPx, picturesFrom: null },
}));
const stretch = { timeBase, ptsTicks: Array.from({ length: FRAMES }, (_, i) => i * 512), endPtsTicks: null, idrPositions: [0, 20], surroundings: null };

/** A chunk's source with pictures at these times, and what its frames have to be. */
async function source(folder: string, ptsTicks: readonly number[] = stretch.ptsTicks, times: readonly string[] = []) {
  const path = `${folder}/film.mp4`;
  const pictures = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=24:duration=2', '-frames:v', String(ptsTicks.length)];
  await ffmpeg([...pictures, ...times, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', path]);
  const lines: Buffer[] = [];
  const args = ['-i', path, '-c:v', 'rawvideo', '-f', 'framehash', '-hash', 'murmur3', 'pipe:1'];
  await (await mediaTools()).run({
    tool: 'ffmpeg',
    args,
    outputs: { 1: (bytes) => void lines.push(Buffer.from(bytes)) },
    limits: { stallMs: 60_000, wallMs: 60_000 },
  });
  const hashes = [
    ...Buffer.concat(lines)
      .toString()
      .matchAll(/^0,.*, ([0-9a-f]{32})$/gm),
  ].map(([, hex]) => Buffer.from(hex, 'hex'));
  return { path, frames: ptsTicks.map((pts, i) => ({ ptsTicks: pts, hash: hashes[i], isDamaged: false })) };
}

test('an encoded chunk is proven with scores; without the pictures to hold it to it is proven without', async (t) => {
  const folder = testFolder(t);
  const { path, frames } = await source(folder);
  const ctx = await stageContext(folder);
  const video = videoTrack({ widthPx: 320, heightPx: 180, timeBase });
  const positions = scoredPositions(stretch);
  const order = { source: fileInput(path), video, firstFrame: 0, stretch, frames, entries: [null], fps: 24, rungs };
  const { chunks } = await encodeChunk({ ...order, keptPositions: positions, measuredSecondsPerMegapixel: null }, ctx);
  const [first, second] = chunks;
  assert.ok(first.fedPath && second.fedPath);
  const prove = (changed: typeof chunks) =>
    validateChunk({ source: fileInput(path), video, startFrame: 0, expected: stretch, scoredPositions: positions, chunks: changed }, ctx);

  const proven = await prove(chunks);
  for (const { quality } of proven) {
    assert.deepEqual(quality?.positions, positions);
    assert.ok(quality?.ssim.every((score) => score > 0.5 && score <= 1));
  }
  const halves = await prove([{ ...first, fedPath: null }, second]);
  assert.equal(halves[0].quality, undefined);
  assert.deepEqual(halves[1].quality, proven[1].quality);

  const [unkept] = (await encodeChunk({ ...order, keptPositions: [], measuredSecondsPerMegapixel: null }, await stageContext(folder))).chunks;
  assert.equal(unkept.fedPath, null);
  assert.equal(unkept.facts.sha256, first.facts.sha256, 'what is kept for scoring changes no coded byte');
});

test('pictures that stay for seconds and minutes are as good as others', async (t) => {
  const folder = testFolder(t);
  const ptsTicks = [0, 12, 132, 133, 134, 1334, 1335].map((seconds) => seconds * timeBase.den);
  const held = { ...stretch, ptsTicks, idrPositions: [0, 3] };
  const times = [
    '-vf',
    "setpts='(N+11*gte(N,1)+119*gte(N,2)+1199*gte(N,5))/TB'",
    '-fps_mode',
    'passthrough',
    '-enc_time_base',
    '1:12288',
    '-video_track_timescale',
    '12288',
  ];
  const { path, frames } = await source(folder, ptsTicks, times);
  const ctx = await stageContext(folder);
  const video = videoTrack({ widthPx: 320, heightPx: 180, timeBase });
  const order = { source: fileInput(path), video, firstFrame: 0, stretch: held, frames, entries: [null], fps: 24, rungs, keptPositions: [] };
  const { chunks } = await encodeChunk({ ...order, measuredSecondsPerMegapixel: null }, ctx);
  const proven = await validateChunk({ source: fileInput(path), video, startFrame: 0, expected: held, scoredPositions: [], chunks }, ctx);
  assert.equal(proven.length, rungs.length);
});
