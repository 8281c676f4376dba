import assert from 'node:assert/strict';
import { copyFile, open, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FfmpegMediaTools } from '../../../src/adapters/ffmpeg/media-tools.ts';
import { ScenelineError } from '../../../src/model/errors.ts';
import { isRefused } from '../../../src/model/finding.ts';
import { inspectionKeys } from '../../../src/model/inspection.ts';
import type { MediaTools } from '../../../src/ports/media-tools.ts';
import { scanSource } from '../../../src/stages/inspect/scan-source.ts';
import { carriesCaptions, turnsOtherwise } from '../../../src/stages/inspect/trial.ts';
import { captionedFilm } from '../../support/captioned-film.ts';
import { fakeTool, testFolder } from '../../support/fake-tool.ts';
import { fileSource } from '../../support/file-source.ts';
import { ffmpeg, mediaTools, stageContext } from '../../support/stage-context.ts';

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=24:duration=4'];
const TONE = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=4'];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '24', '-threads', '1', '-pix_fmt', 'yuv420p'];

async function scan(folder: string, sourcePath: string, rangeSeconds = 120) {
  return scanSource({ inspectionId: 'film', ...fileSource(sourcePath), rangeSeconds }, await stageContext(folder));
}

const codes = (findings: readonly { severity: string; code: string }[]) => findings.map(({ severity, code }) => `${severity} ${code}`);

test('a film is split at key frames, and its scan is stored', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mp4');
  await ffmpeg([...PICTURE, ...TONE, ...H264, '-c:a', 'aac', film]);
  const ctx = await stageContext(folder);
  const found = await scanSource({ inspectionId: 'film', ...fileSource(film), rangeSeconds: 1.5 }, ctx);
  assert.deepEqual(codes(found.findings), ['info SL-236']);
  assert.equal(found.indexing, 'packets');
  assert.deepEqual(
    found.ranges.map(({ packetCount, keyPtsTicks }) => [packetCount, keyPtsTicks.length]),
    [
      [48, 2],
      [48, 2],
    ],
  );
  assert.equal(found.facts.video!.nominalFps, 24);
  assert.equal(found.facts.audio.length, 1);
  assert.deepEqual(JSON.parse(Buffer.from(await ctx.blobs.read(inspectionKeys.scan('film'))).toString()), found);
  const silent = await stageContext(folder, { tools: { abilities: ctx.tools.abilities, run: () => Promise.reject(new Error('no tool is needed')) } });
  assert.deepEqual(await scanSource({ inspectionId: 'film', ...fileSource(film) }, silent), found, 'a stored scan is given back');
});

test('files that are no film are refused with the reason', async (t) => {
  const folder = testFolder(t);
  await writeFile(join(folder, 'empty.mp4'), '');
  await writeFile(join(folder, 'text.mp4'), 'This is no film at all. '.repeat(50));
  await ffmpeg([...TONE, '-c:a', 'aac', join(folder, 'sound.m4a')]);
  await writeFile(join(folder, 'text.srt'), '1\n00:00:00,000 --> 00:00:01,000\na\n');
  await ffmpeg(['-i', join(folder, 'text.srt'), join(folder, 'words.mkv')]);
  const ctx = await stageContext(folder);
  const codesOf = async (name: string) => codes((await scanSource({ inspectionId: name, ...fileSource(join(folder, name)) }, ctx)).findings);
  assert.deepEqual(await codesOf('empty.mp4'), ['refuse SL-201']);
  assert.deepEqual(await codesOf('text.mp4'), ['refuse SL-202']);
  assert.deepEqual(await codesOf('words.mkv'), ['refuse SL-203']);
  assert.deepEqual(await codesOf('sound.m4a'), ['warn SL-250']);
});

test('a kind of file that is not accepted is named, with what to do', async (t) => {
  const folder = testFolder(t);
  await ffmpeg([...PICTURE, '-t', '0.5', join(folder, 'film.gif')]);
  await ffmpeg([...PICTURE, '-frames:v', '1', join(folder, 'film.png')]);
  await ffmpeg([...TONE, '-t', '0.5', '-c:a', 'wavpack', join(folder, 'tone.wv')]);
  await copyFile(join(folder, 'film.png'), join(folder, 'named.mp4'));
  const ctx = await stageContext(folder);
  for (const [name, kind] of [
    ['film.gif', 'GIF'],
    ['film.png', 'PNG pictures|still pictures'],
    ['named.mp4', 'PNG pictures'],
    ['tone.wv', 'WavPack'],
  ]) {
    const { findings } = await scanSource({ inspectionId: name, ...fileSource(join(folder, name)) }, ctx);
    assert.deepEqual(codes(findings), ['refuse SL-202']);
    assert.match(findings[0].message, new RegExp(`^A file of this kind \\((${kind})\\) is not accepted: convert it to MP4, `));
  }
});

test('raw MJPEG is a film; a file that only stands in a row of pictures by its name is read alone', async (t) => {
  const folder = testFolder(t);
  await ffmpeg([...PICTURE, '-t', '1', '-c:v', 'mjpeg', '-f', 'mjpeg', join(folder, 'film.mjpeg')]);
  await ffmpeg([...PICTURE, '-frames:v', '1', join(folder, 'film1.jpg')]);
  await copyFile(join(folder, 'film1.jpg'), join(folder, 'film%d.jpg'));
  await copyFile(join(folder, 'film.mjpeg'), join(folder, 'film%d.mjpeg'));
  const { facts, findings, last } = await scan(folder, join(folder, 'film.mjpeg'));
  assert.deepEqual([facts.video?.codec, isRefused(findings), last?.ptsTicks], ['mjpeg', false, 23]);
  const named = await scan(testFolder(t), join(folder, 'film%d.mjpeg'));
  assert.equal(named.last?.ptsTicks, 23);
  assert.deepEqual(codes((await scan(testFolder(t), join(folder, 'film%d.jpg'))).findings), ['refuse SL-202']);
});

test('captions beside the pictures are found and said', async (t) => {
  const folder = testFolder(t);
  const film = await captionedFilm(folder, [{ text: 'Hello', atTop: false, shownFrame: 30, clearedFrame: 50 }], 60);
  const scan = await scanSource({ inspectionId: 'captioned', ...fileSource(film) }, await stageContext(folder));
  assert.deepEqual(
    scan.facts.text.map(({ streamIndex, codec, role }) => [streamIndex, codec, role]),
    [[0, 'a53', 'captions']],
  );
  assert.ok(codes(scan.findings).includes('info SL-252'));
  assert.ok(carriesCaptions('x\n[Parsed_showinfo_0 @ 0x5f] [info]   side data - ATSC A53 Part 4 Closed Captions (60 bytes)\n'));
  assert.equal(carriesCaptions('[info]     title           : side data - ATSC A53 Part 4 Closed Captions\n'), false);
});

test('pictures that ask to be turned are held to their container', () => {
  const line = (words: string) => `[Parsed_showinfo_0 @ 0x5f] [info] ${words}\n`;
  const picture = line('n:   7 pts:   3584 pts_time:0.28 ');
  const turned = (degrees: string) => picture + line(`  side data - displaymatrix: rotation of ${degrees} degrees`);
  assert.equal(turnsOtherwise(picture, 90), false);
  assert.equal(turnsOtherwise(turned('-90.00').repeat(3), 90), false, 'as newer tools tell of every picture');
  assert.equal(turnsOtherwise(turned('-90.00').repeat(3), 0), true);
  assert.equal(turnsOtherwise(turned('-90.00') + picture, 90), true, 'one picture of two');
  assert.equal(turnsOtherwise(turned('180.00'), 180), false);
  assert.equal(turnsOtherwise(turned('45.00'), 0), false, 'a skewed picture is told by its container');
  assert.equal(turnsOtherwise(turned('90.00').replaceAll('[Parsed', '| [Parsed'), 0), false, "a film's own words");
});

test('a list that names other files is refused and opens none of them', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mp4');
  await ffmpeg([...PICTURE, ...H264, film]);
  const lists = {
    'playlist.m3u8': `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:4,\n${film}\n#EXT-X-ENDLIST\n`,
    'list.ffconcat': `ffconcat version 1.0\nfile '${film}'\n`,
    'movie.mp4': `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:4,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n`,
  };
  for (const [name, text] of Object.entries(lists)) {
    await writeFile(join(folder, name), text);
    const found = await scanSource({ inspectionId: name, ...fileSource(join(folder, name)) }, await stageContext(folder));
    assert.deepEqual(codes(found.findings), ['refuse SL-202'], name);
  }
});

test('a file cut short is refused', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mp4');
  await ffmpeg([...PICTURE, ...H264, '-movflags', '+faststart', film]);
  await truncate(film, Math.floor((await readFile(film)).length * 0.6));
  assert.ok(codes((await scan(folder, film)).findings).includes('refuse SL-208'));
});

test('an encrypted track is refused', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mp4');
  const key = [
    '-encryption_scheme',
    'cenc-aes-ctr',
    '-encryption_key',
    '00112233445566778899aabbccddeeff',
    '-encryption_kid',
    '11223344556677889900aabbccddeeff',
  ];
  await ffmpeg([...PICTURE, ...H264, ...key, film]);
  assert.ok(codes((await scan(folder, film)).findings).includes('refuse SL-205'));
});

test('a picture track without pictures, or that nobody can decode, is refused', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mkv');
  await ffmpeg([...PICTURE, ...TONE, ...H264, '-c:a', 'aac', film]);
  const spoiled = join(folder, 'spoiled.mp4');
  await ffmpeg([...PICTURE, ...H264, '-movflags', '+faststart', spoiled]);
  const file = await open(spoiled, 'r+');
  const { size } = await file.stat();
  const mdat = (await readFile(spoiled)).indexOf('mdat') + 4;
  await file.write(Buffer.alloc(size - mdat, 0), 0, size - mdat, mdat);
  await file.close();
  assert.ok(codes((await scan(folder, spoiled)).findings).includes('refuse SL-204'));
  const empty = await scanSource({ inspectionId: 'empty', ...fileSource(film) }, await stageContext(folder, { tools: await otherTrackListed() }));
  assert.ok(codes(empty.findings).includes('refuse SL-207'));
});

/** Tools that list the packets of a track that is not there. */
async function otherTrackListed(): Promise<MediaTools> {
  const tools = await mediaTools();
  const misled = (args: readonly string[]) => (args[0] === '-select_streams' ? ['-select_streams', '9', ...args.slice(2)] : args);
  return { abilities: tools.abilities, run: (command) => tools.run({ ...command, args: misled(command.args) }) };
}

test('pictures cut off by an edit list are left out and told', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mp4');
  const cut = join(folder, 'cut.mp4');
  await ffmpeg([...PICTURE, ...H264, '-bf', '0', film]);
  await ffmpeg(['-ss', '1.5', '-i', film, '-c', 'copy', cut]);
  const found = await scan(folder, cut);
  assert.ok(codes(found.findings).includes('warn SL-227'));
  assert.equal(found.ranges[0].packetCount, 60);
});

test('a stream without times is indexed by decoding', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.h264');
  await ffmpeg([...PICTURE, ...H264, film]);
  const found = await scan(folder, film);
  assert.equal(found.indexing, 'decoding');
  assert.ok(codes(found.findings).includes('info SL-237'));
  assert.equal(found.ranges.length, 1);
});

test('a tool that crashes or hangs fails the job and does not refuse the film', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mp4');
  await writeFile(film, 'anything');
  const real = await mediaTools();
  const crashing = fakeTool(
    folder,
    'ffprobe',
    'process.argv.includes("-version") ? console.log("ffprobe version 5.1.9") : process.kill(process.pid, "SIGSEGV")',
  );
  const tools = await FfmpegMediaTools.open({ ...process.env, SCENELINE_FFMPEG: real.abilities.ffmpegPath, SCENELINE_FFPROBE: crashing });
  await assert.rejects(
    scanSource({ inspectionId: 'crash', ...fileSource(film) }, await stageContext(folder, { tools })),
    (error) => error instanceof ScenelineError && error.code === 'SL-301',
  );
});
