import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { FfmpegMediaTools } from '../../../src/adapters/ffmpeg/media-tools.ts';
import { captions, synthesiseMaster } from '../../../src/roles/demo/synthesise-master.ts';
import { DEMO_FPS, DEMO_SAMPLE_RATE, DEMO_TRUTH, demoTruth } from '../../../src/roles/demo/truth.ts';
import { testFolder } from '../../support/fake-tool.ts';

const LIMITS = { stallMs: 60_000, wallMs: 300_000 };
const TINY = { widthPx: 160, heightPx: 90 };
let tools: FfmpegMediaTools;

before(async () => {
  tools = await FfmpegMediaTools.open(process.env);
});

async function decode(path: string, args: readonly string[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  const collect = (bytes: Uint8Array) => {
    parts.push(Buffer.from(bytes));
  };
  await tools.run({ tool: 'ffmpeg', args: ['-i', `file:${path}`, ...args, 'pipe:1'], outputs: { 1: collect }, limits: LIMITS });
  return Buffer.concat(parts);
}

/** Mean difference of neighbouring small pictures; entry i is between frame i - 1 and i. */
function differences(pictures: Buffer, pixels: number): number[] {
  return Array.from({ length: pictures.length / pixels }, (_, frame) => {
    if (frame === 0) return 0;
    let sum = 0;
    for (let i = frame * pixels; i < (frame + 1) * pixels; i++) sum += Math.abs(pictures[i] - pictures[i - pixels]);
    return sum / pixels;
  });
}

test('the whole film is what its truth says: frames, cuts, fade, flashes', async (t) => {
  const path = join(testFolder(t), 'master.mp4');
  const truth = await synthesiseMaster(path, tools, TINY);
  assert.deepEqual(truth, DEMO_TRUTH);
  const [width, height] = [32, 18];
  const pictures = await decode(path, ['-map', '0:v', '-fps_mode', 'passthrough', '-vf', `scale=${width}:${height}:flags=area,format=gray`, '-f', 'rawvideo']);
  const pixels = width * height;
  assert.equal(pictures.length / pixels, truth.frames);
  const means = Array.from({ length: truth.frames }, (_, i) => pictures.subarray(i * pixels, (i + 1) * pixels).reduce((a, b) => a + b, 0) / pixels);
  const white = means.flatMap((mean, frame) => (mean > 250 ? [frame] : []));
  assert.deepEqual(
    white,
    truth.flashFrames.flatMap((frame) => [frame, frame + 1]),
  );
  const jumps = differences(pictures, pixels);
  for (const cut of truth.cutFrames) assert.ok(jumps[cut] > 3 * Math.max(jumps[cut - 1], jumps[cut + 1], 3), `cut at ${cut}: ${jumps.slice(cut - 1, cut + 2)}`);
  const { startFrame, changeFrame, endFrameExclusive } = truth.fade!;
  assert.ok(means[changeFrame] < 2 && means[changeFrame - 1] < means[startFrame] / 4 && means[endFrameExclusive] > 40);
});

test('sound: a beep of its own pitch per language begins with every flash', async (t) => {
  const path = join(testFolder(t), 'master.mp4');
  const truth = await synthesiseMaster(path, tools, { ...TINY, durationSeconds: 8 });
  assert.deepEqual(truth, demoTruth(8));
  assert.deepEqual(truth.flashSeconds, [1, 3, 5, 7]);
  for (const [track, toneHz] of [440, 660].entries()) {
    const bytes = await decode(path, ['-map', `0:a:${track}`, '-ac', '1', '-f', 's16le']);
    const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    assert.equal(samples.length, 8 * DEMO_SAMPLE_RATE);
    for (const second of truth.flashSeconds) {
      const from = (second - 0.5) * DEMO_SAMPLE_RATE;
      const first = samples.findIndex((value, i) => i >= from && Math.abs(value) > 8000);
      assert.ok(Math.abs(first - second * DEMO_SAMPLE_RATE) <= 24, `beep of second ${second} at sample ${first}`);
      const beep = samples.subarray(first, first + truth.beepSeconds * DEMO_SAMPLE_RATE);
      const crossings = beep.reduce((count, value, i) => count + (i > 0 && value < 0 !== beep[i - 1] < 0 ? 1 : 0), 0);
      assert.ok(Math.abs(crossings / (2 * truth.beepSeconds) - toneHz) < 15, `${crossings} crossings`);
    }
  }
});

test('languages, captions and times are in the file; equal calls give equal bytes; nothing else is left', async (t) => {
  const folder = testFolder(t);
  const paths = ['a.mp4', 'b.mp4'].map((name) => join(folder, name));
  for (const path of paths) await synthesiseMaster(path, tools, { ...TINY, durationSeconds: 4 });
  const [a, b] = paths.map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
  assert.equal(a, b);
  assert.deepEqual(readdirSync(folder).sort(), ['a.mp4', 'b.mp4']);
  const parts: Buffer[] = [];
  const collect = (bytes: Uint8Array) => {
    parts.push(Buffer.from(bytes));
  };
  const entries = 'stream=codec_name,nb_frames,start_pts,color_space:stream_tags=language';
  await tools.run({ tool: 'ffprobe', args: ['-show_entries', entries, '-of', 'json', paths[0]], outputs: { 1: collect }, limits: LIMITS });
  const { streams } = JSON.parse(Buffer.concat(parts).toString());
  const facts = streams.map((s: { codec_name: string; tags: { language: string } }) => `${s.codec_name} ${s.tags.language}`);
  assert.deepEqual(facts, ['h264 und', 'aac eng', 'aac deu', 'mov_text eng']);
  assert.equal(streams[0].nb_frames, String(4 * DEMO_FPS));
  assert.equal(streams[0].start_pts, 0);
  assert.equal(streams[0].color_space, 'bt709');
  assert.equal(captions(48).match(/-->/g)?.length, 12);
});

test('an interrupted synthesis leaves nothing behind', async (t) => {
  const folder = testFolder(t);
  const stop = new AbortController();
  const run = synthesiseMaster(join(folder, 'master.mp4'), tools, { ...TINY, signal: stop.signal, onFrames: () => stop.abort() });
  await assert.rejects(run, { code: 'SL-130' });
  assert.deepEqual(readdirSync(folder), []);
});
