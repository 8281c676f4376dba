import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PICTURE_BYTES } from '../../../../src/model/frame-index.ts';
import { fileInput } from '../../../../src/model/media-input.ts';
import { encodeArguments, type Surroundings } from '../../../../src/stages/encode/video/command.ts';
import { testFolder } from '../../../support/fake-tool.ts';
import { ffmpeg, mediaTools } from '../../../support/stage-context.ts';
import { videoTrack } from '../../../support/video-track.ts';
import { rungOf } from '../../assemble/film.ts';

const FRAMES = 40;
const TIME_BASE = { num: 1, den: 1000 };
const video = videoTrack({ widthPx: 320, heightPx: 180, timeBase: TIME_BASE, fieldOrder: 'interlaced' });

test('a chunk of an interlaced film has the pictures of the whole, because its neighbours are read', async (t) => {
  const folder = testFolder(t);
  const film = join(folder, 'film.mkv');
  const fields = 'testsrc2=size=320x180:rate=50,tinterlace=mode=interleave_top,setfield=tff,format=yuv420p';
  await ffmpeg(['-f', 'lavfi', '-i', fields, '-frames:v', String(FRAMES), '-c:v', 'mpeg2video', '-flags', '+ilme+ildct', '-q:v', '2', '-bf', '0', film]);
  const { abilities } = await mediaTools();

  /** Frames `[start, end)`, encoded, when that is read which `surroundings` says. */
  const encoded = async (start: number, end: number, surroundings: Surroundings): Promise<{ video: Buffer; pictures: number }> => {
    const [videoPath, fingerprintPath] = ['chunk.mp4', 'chunk.luma'].map((name) => join(folder, name));
    const ptsTicks = Array.from({ length: end - start }, (_, i) => 40 * (start + i));
    const stretch = { timeBase: TIME_BASE, ptsTicks, endPtsTicks: end === FRAMES ? null : 40 * end, idrPositions: [0], surroundings };
    const outputs = [{ rung: rungOf(), videoPath, fingerprintPath, fedPath: join(folder, 'chunk.nut') }];
    await ffmpeg(encodeArguments({ source: fileInput(film), video, stretch, entry: null, fps: 25, outputs, keptPositions: [], ffmpegMajor: abilities.major }));
    return { video: await readFile(videoPath), pictures: (await readFile(fingerprintPath)).byteLength / PICTURE_BYTES };
  };

  const whole = { startPtsTicks: 0, endPtsTicks: null, framesBefore: 0, framesAfter: 0 };
  assert.equal((await encoded(0, FRAMES, whole)).pictures, FRAMES, 'one picture out for each one in');
  const middle = await encoded(13, 27, whole);
  assert.equal(middle.pictures, 14);
  assert.ok(middle.video.equals((await encoded(13, 27, { ...whole, startPtsTicks: 40 * 12, endPtsTicks: 40 * 28 })).video));
  assert.ok(!middle.video.equals((await encoded(13, 27, { ...whole, startPtsTicks: 40 * 13, endPtsTicks: 40 * 27 })).video), 'a border that shows');
  assert.ok((await encoded(27, FRAMES, whole)).video.equals((await encoded(27, FRAMES, { ...whole, startPtsTicks: 40 * 26 })).video));
});
