import assert from 'node:assert/strict';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ScenelineError } from '../../../src/model/errors.ts';
import { inspectionKeys } from '../../../src/model/inspection.ts';
import { fileInput } from '../../../src/model/media-input.ts';
import type { MediaTools } from '../../../src/ports/media-tools.ts';
import { inspectRange } from '../../../src/stages/inspect/inspect-range.ts';
import { openRange } from '../../../src/stages/inspect/range-reader.ts';
import { scanSource } from '../../../src/stages/inspect/scan-source.ts';
import { stitchInspection } from '../../../src/stages/inspect/stitch-inspection.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { fileSource } from '../../support/file-source.ts';
import { inspectFilm } from '../../support/inspect-film.ts';
import { seededRandom } from '../../support/mangle-text.ts';
import { ffmpeg, mediaTools, stageContext } from '../../support/stage-context.ts';

const SOURCES = ['testsrc2', 'mandelbrot', 'smptehdbars', 'testsrc'];
const SCENE_FRAMES = 60;

/** Arguments for a film of `scenes` scenes of 60 frames at 24 fps, coded by `codec`. */
function filmArgs(scenes: number, codec: readonly string[], size = '160x90'): string[] {
  const inputs = Array.from({ length: scenes }, (_, i) => ['-f', 'lavfi', '-i', `${SOURCES[i % SOURCES.length]}=size=${size}:rate=24`]);
  const parts = inputs.map((_, i) => `[${i}:v]trim=end_frame=${SCENE_FRAMES},format=yuv420p,setsar=1[v${i}]`);
  const graph = `${parts.join(';')};${inputs.map((_, i) => `[v${i}]`).join('')}concat=n=${scenes}[v]`;
  return [...inputs.flat(), '-filter_complex', graph, '-map', '[v]', ...codec];
}

const OPEN_GOP = [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-threads',
  '1',
  '-x264-params',
  'keyint=24:min-keyint=24:scenecut=0:open-gop=1:bframes=3:b-adapt=0',
];

/** Counts decodes by the place they enter at. */
async function countingTools(): Promise<{ tools: MediaTools; decodes: string[] }> {
  const real = await mediaTools();
  const decodes: string[] = [];
  const run: MediaTools['run'] = (command) => {
    if (command.args.includes('framehash') && command.args.includes('-filter_complex')) decodes.push(command.args[command.args.indexOf('-ss') + 1] ?? '');
    return real.run(command);
  };
  return { tools: { abilities: real.abilities, run }, decodes };
}

for (const [name, codec, rangeSeconds] of [
  ['film.mkv', OPEN_GOP, 1],
  ['film.ts', OPEN_GOP, 2.5],
  ['film.mp4', ['-c:v', 'mpeg4', '-g', '12', '-bf', '2', '-q:v', '4'], 2.5],
] as const) {
  test(`one range or many give the same bytes: ${name}`, async (t) => {
    const folder = testFolder(t);
    const film = join(folder, name);
    await ffmpeg([...filmArgs(4, codec), film]);
    const whole = await inspectFilm(folder, film);
    const parts = await inspectFilm(folder, film, rangeSeconds);
    assert.equal(whole.scan.ranges.length, 1);
    assert.ok(parts.scan.ranges.length >= 10 / rangeSeconds - 1, `${parts.scan.ranges.length} ranges`);
    assert.deepEqual(parts.bytes, whole.bytes);
    assert.equal(whole.inspection.frameCount, 4 * SCENE_FRAMES);
    assert.deepEqual(
      whole.inspection.shots.map(({ startFrame }) => startFrame),
      [0, 60, 120, 180],
    );
    assert.deepEqual(
      whole.inspection.findings.filter(({ severity }) => severity !== 'info'),
      [],
    );
  });
}

test('the index has every frame with its own time, key flag and hash', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mp4');
  await ffmpeg([...filmArgs(2, ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '30', '-threads', '1']), film]);
  const { inspection, records } = await inspectFilm(folder, film, 2);
  const hashes = join(folder, 'hashes.txt');
  await ffmpeg(['-i', film, '-map', '0:v', '-fps_mode', 'passthrough', '-c:v', 'rawvideo', '-f', 'framehash', '-hash', 'murmur3', hashes]);
  const expected = (await readFile(hashes, 'latin1'))
    .split('\n')
    .filter((line) => /^0,/.test(line))
    .map((line) => line.split(',')[5].trim());
  assert.deepEqual(
    records.map(({ hash }) => Buffer.from(hash).toString('hex')),
    expected,
  );
  assert.deepEqual(
    records.map(({ ptsTicks }) => ptsTicks),
    records.map((_, i) => i * 512),
  );
  assert.deepEqual(inspection.keyFrames, [0, 30, 60, 90]);
  assert.equal(inspection.endPtsTicks, 120 * 512);
  assert.deepEqual(inspection.thumbnails, { intervalSeconds: 5, widthPx: 160, heightPx: 90, frames: [0] });
});

test('a stream that cannot be entered where it says is entered earlier, and the frames are the same', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mkv');
  await ffmpeg([...filmArgs(4, ['-c:v', 'libx264', '-preset', 'veryfast', '-threads', '1', '-x264-params', 'intra-refresh=1:keyint=48'], '640x360'), film]);
  const { tools, decodes } = await countingTools();
  const whole = await inspectFilm(folder, film);
  const parts = await inspectFilm(folder, film, 2, { tools });
  assert.ok(decodes.length > parts.scan.ranges.length, 'a range was decoded again');
  assert.deepEqual(parts.bytes, whole.bytes);
});

function seededBytes(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Math.floor(random() * 256);
}

/** Overwrites bytes of the coded pictures at these shares of the file. */
async function damage(path: string, shares: readonly number[]): Promise<void> {
  const file = await open(path, 'r+');
  const { size } = await file.stat();
  const noise = Buffer.from(Array.from({ length: 2000 }, seededBytes(5)));
  for (const share of shares) await file.write(noise, 0, noise.length, Math.floor(size * share));
  await file.close();
}

test('damage is found at its place, however the film was parted', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mkv');
  await ffmpeg([...filmArgs(6, ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '24', '-crf', '12', '-threads', '1'], '320x180'), film]);
  await damage(film, [0.42, 0.75]);
  const whole = await inspectFilm(folder, film);
  const parts = await inspectFilm(folder, film, 2);
  const places = whole.inspection.findings.filter(({ code }) => code === 'SL-234').map(({ place }) => place);
  assert.ok(places.length >= 1 && places.length <= 3, JSON.stringify(places));
  assert.ok(
    places.every(({ startFrame, endFrameExclusive }) => startFrame! % 24 === 0 && endFrameExclusive! - startFrame! < 150),
    JSON.stringify(places),
  );
  assert.deepEqual(parts.inspection, whole.inspection);
  assert.deepEqual(parts.bytes, whole.bytes);
});

/** Where the coded picture with this time lies in a file. */
async function packetPlace(path: string, ptsTime: string): Promise<{ offsetBytes: number; sizeBytes: number }> {
  const tools = await mediaTools();
  let text = '';
  const take = (bytes: Uint8Array) => {
    text += Buffer.from(bytes).toString('latin1');
  };
  const args = ['-select_streams', 'v', '-show_entries', 'packet=pts_time,size,pos', '-of', 'csv=p=0', path];
  await tools.run({ tool: 'ffprobe', args, outputs: { 1: take }, limits: { stallMs: 60_000, wallMs: 60_000 } });
  const [, sizeBytes, offsetBytes] = text
    .split('\n')
    .find((line) => line.startsWith(`${ptsTime},`))!
    .split(',')
    .map(Number);
  return { offsetBytes, sizeBytes };
}

test('a damaged key picture is blamed on what it begins, not on what ends before it', async (t) => {
  const folder = testFolder(t);
  const kinds = { mp4: ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '10', '-sc_threshold', '0', '-threads', '1'], mov: ['-c:v', 'mjpeg', '-q:v', '3'] };
  for (const [kind, options] of Object.entries(kinds)) {
    const film = join(folder, `film.${kind}`);
    await ffmpeg([...filmArgs(2, options, '320x180'), film]);
    const { offsetBytes, sizeBytes } = await packetPlace(film, '0.833333');
    const file = await open(film, 'r+');
    await file.write(Buffer.alloc(Math.floor(sizeBytes / 2), 0x55), 0, Math.floor(sizeBytes / 2), offsetBytes + Math.floor(sizeBytes / 3));
    await file.close();
    const { inspection } = await inspectFilm(join(folder, kind), film);
    assert.deepEqual(inspection.damaged, [{ startFrame: 20, endFrameExclusive: kind === 'mp4' ? 30 : 21 }], kind);
  }
});

test('a film of which little can be decoded is refused', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mkv');
  await ffmpeg([...filmArgs(2, ['-c:v', 'mpeg2video', '-g', '12', '-q:v', '3'], '320x180'), film]);
  const file = await open(film, 'r+');
  const { size } = await file.stat();
  const bytes = await readFile(film);
  for (let at = bytes.indexOf(Buffer.from([0, 0, 1, 0]), Math.floor(size * 0.3)); at > 0; at = bytes.indexOf(Buffer.from([0, 0, 1, 0]), at + 4))
    await file.write(Buffer.alloc(4, 0xff), 0, 4, at);
  await file.close();
  const { inspection } = await inspectFilm(folder, film);
  assert.ok(
    inspection.findings.some(({ code, severity }) => severity === 'refuse' && ['SL-209', 'SL-207'].includes(code)),
    JSON.stringify(inspection.findings),
  );
});

test('pictures are stored upright, hashes are of the picture as stored in the file', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mp4');
  const turned = join(folder, 'turned.mp4');
  await ffmpeg([...filmArgs(1, ['-c:v', 'libx264', '-preset', 'ultrafast', '-threads', '1'], '320x180'), film]);
  await ffmpeg(['-i', film, '-c', 'copy', '-metadata:s:v:0', 'rotate=270', turned]);
  const plain = await inspectFilm(join(folder, 'a'), film);
  const upright = await inspectFilm(join(folder, 'b'), turned);
  assert.equal(upright.inspection.facts.video!.rotationDegrees, 90);
  assert.deepEqual(
    upright.records.map(({ hash }) => hash),
    plain.records.map(({ hash }) => hash),
  );
  assert.notDeepEqual(upright.records[0].picture, plain.records[0].picture);
  assert.deepEqual(upright.inspection.thumbnails, { intervalSeconds: 5, widthPx: 160, heightPx: 284, frames: [0] });
  const topRow = (picture: Uint8Array) => picture.subarray(0, 32).reduce((sum, level) => sum + level, 0) / 32;
  const leftColumn = (picture: Uint8Array) => Array.from({ length: 18 }, (_, y) => picture[y * 32]).reduce((sum, level) => sum + level, 0) / 18;
  assert.ok(Math.abs(topRow(upright.records[0].picture) - leftColumn(plain.records[0].picture)) < 12, 'what was left is up');
});

test('other formats are inspected: 10 bit, 4:2:2, full range, odd size, RGB, alpha', async (t) => {
  const folder = testFolder(t);
  const kinds: { [name: string]: readonly string[] } = {
    'ten.mkv': ['-pix_fmt', 'yuv422p10le', '-c:v', 'ffv1'],
    'full.mkv': ['-pix_fmt', 'yuvj420p', '-c:v', 'mjpeg', '-q:v', '3'],
    'odd.mkv': ['-vf', 'crop=161:121', '-pix_fmt', 'yuv444p', '-c:v', 'ffv1'],
    'rgb.mov': ['-pix_fmt', 'rgba', '-c:v', 'qtrle'],
  };
  for (const [name, codec] of Object.entries(kinds)) {
    const film = join(folder, name);
    await ffmpeg(['-f', 'lavfi', '-i', 'smptehdbars=size=320x180:rate=24:duration=1', ...codec, film]);
    const { inspection, records } = await inspectFilm(join(folder, name.replace('.', '-')), film, 0.5);
    assert.equal(inspection.frameCount, 24, name);
    assert.ok(!inspection.findings.some(({ severity }) => severity === 'refuse'), name);
    const { picture } = records[0];
    const [darkest, brightest] = [Math.min(...picture), Math.max(...picture)];
    assert.ok(darkest >= 8 && brightest >= 225 && brightest <= 236, `${name} in limited range: ${darkest} to ${brightest}`);
  }
});

test('bars are found, and a film without them has none', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'bars.mkv');
  await ffmpeg(['-f', 'lavfi', '-i', 'testsrc2=size=320x134:rate=5:duration=25', '-vf', 'pad=320:180:0:22', '-c:v', 'ffv1', '-pix_fmt', 'yuv420p', film]);
  const { inspection } = await inspectFilm(folder, film);
  assert.deepEqual(inspection.crop, { xPx: 0, yPx: 22, widthPx: 320, heightPx: 134 });
  assert.equal(inspection.thumbnails.frames.length, 5);
});

test('variable pace, gaps and sound with gaps are told', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mkv');
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=24:duration=8'];
  const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=8'];
  const drops = "select='mod(n,5)*not(between(t,3,5))'";
  await ffmpeg([
    ...picture,
    ...tone,
    '-vf',
    drops,
    '-fps_mode',
    'passthrough',
    '-af',
    "aselect='not(between(t,2,3))'",
    '-c:v',
    'ffv1',
    '-c:a',
    'pcm_s16le',
    film,
  ]);
  const { inspection } = await inspectFilm(folder, film);
  const codes = inspection.findings.filter(({ severity }) => severity === 'warn').map(({ code }) => code);
  assert.deepEqual(codes, ['SL-221', 'SL-225', 'SL-226']);
  const [sound] = inspection.audio;
  assert.equal(sound.hasGaps, true);
  assert.ok(sound.sampleCount > 6.9 * 48_000 && sound.sampleCount < 7.1 * 48_000, String(sound.sampleCount));
  assert.ok(sound.loudnessLufs !== null && sound.loudnessLufs > -30 && sound.loudnessLufs < -10);
});

test('sound is counted to the sample, silence has no loudness', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mp4');
  const sources = ['sine=frequency=440:sample_rate=44100', 'anullsrc=sample_rate=48000:channel_layout=5.1'].flatMap((source) => [
    '-f',
    'lavfi',
    '-t',
    '2.5',
    '-i',
    source,
  ]);
  await ffmpeg([
    '-f',
    'lavfi',
    '-t',
    '2',
    '-i',
    'testsrc2=size=160x90:rate=24',
    ...sources,
    '-map',
    '0',
    '-map',
    '1',
    '-map',
    '2',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-c:a',
    'aac',
    film,
  ]);
  const { inspection } = await inspectFilm(folder, film);
  const [tone, silence] = inspection.audio;
  assert.deepEqual([tone.sampleRate, silence.sampleRate], [44_100, 48_000]);
  assert.ok(tone.sampleCount >= 2.5 * 44_100 && tone.sampleCount < 2.5 * 44_100 + 1024, 'what priming cut off is not counted');
  assert.equal(tone.startSeconds, 0);
  assert.equal(tone.hasGaps, false);
  assert.ok(tone.loudnessLufs! > -30);
  assert.equal(silence.loudnessLufs, null);
});

test('a range that is stored is not decoded again, and a missing one is missed', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mp4');
  await ffmpeg([...filmArgs(2, ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '24', '-threads', '1']), film]);
  const { tools, decodes } = await countingTools();
  const ctx = await stageContext(folder, { tools });
  const scan = await scanSource({ inspectionId: 'film', ...fileSource(film), rangeSeconds: 2 }, ctx);
  const first = await inspectRange({ source: fileInput(film), scan, rangeIndex: 0 }, ctx);
  assert.deepEqual(await inspectRange({ source: fileInput(film), scan, rangeIndex: 0 }, await stageContext(folder, { tools })), first);
  assert.equal(decodes.length, 1);
  const missing = (error: unknown) => error instanceof ScenelineError && error.code === 'SL-905';
  await assert.rejects(stitchInspection({ scan }, ctx), missing);
  await ctx.blobs.put(inspectionKeys.range('film', 1), Buffer.from('no range'));
  await assert.rejects(openRange(inspectionKeys.range('film', 1), ctx.blobs), missing);
});

test('an interrupted range leaves nothing', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mp4');
  await ffmpeg([...filmArgs(4, ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '24', '-threads', '1']), film]);
  const stop = new AbortController();
  const ctx = await stageContext(folder, { signal: stop.signal });
  const scan = await scanSource({ inspectionId: 'film', ...fileSource(film) }, ctx);
  const real = ctx.tools;
  const run: MediaTools['run'] = (command) => {
    queueMicrotask(() => stop.abort());
    return real.run(command);
  };
  await assert.rejects(inspectRange({ source: fileInput(film), scan, rangeIndex: 0 }, { ...ctx, tools: { abilities: real.abilities, run } }));
  assert.equal(await ctx.blobs.stat(inspectionKeys.range('film', 0)), null);
});
