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
  await ffmpeg(['-f', 'lavfi', '-i', fields, '-frames:v', String(FRAMES), '-c:v', 'ffv1', film]);
  const { abilities } = await mediaTools();

  /** Fingerprints of frames `[start, end)` when that is read which `surroundings` says. */
  const picturesOf = async (start: number, end: number, surroundings: Surroundings): Promise<Buffer> => {
    const path = (name: string) => join(folder, `${start}-${end}-${surroundings.framesBefore}.${name}`);
    const ptsTicks = Array.from({ length: end - start }, (_, i) => 40 * (start + i));
    const stretch = { timeBase: TIME_BASE, ptsTicks, endPtsTicks: end === FRAMES ? null : 40 * end, idrPositions: [0], surroundings };
    const outputs = [{ rung: rungOf(), videoPath: path('mp4'), fingerprintPath: path('luma') }];
    const source = fileInput(film);
    await ffmpeg(encodeArguments({ source, video, stretch, entry: null, fps: 25, outputs, ffmpegMajor: abilities.major }));
    return readFile(path('luma'));
  };

  const whole = await picturesOf(0, FRAMES, { startPtsTicks: 0, endPtsTicks: null, framesBefore: 0, framesAfter: 0 });
  assert.equal(whole.byteLength, FRAMES * PICTURE_BYTES, 'one picture out for each one in');
  const middle = whole.subarray(13 * PICTURE_BYTES, 27 * PICTURE_BYTES);
  const read = await picturesOf(13, 27, { startPtsTicks: 40 * 12, endPtsTicks: 40 * 28, framesBefore: 1, framesAfter: 1 });
  assert.ok(middle.equals(read));
  const alone = await picturesOf(13, 27, { startPtsTicks: 40 * 13, endPtsTicks: 40 * 27, framesBefore: 0, framesAfter: 0 });
  assert.ok(!middle.equals(alone), 'the border would be seen');
  const end = await picturesOf(27, FRAMES, { startPtsTicks: 40 * 26, endPtsTicks: null, framesBefore: 1, framesAfter: 0 });
  assert.ok(whole.subarray(27 * PICTURE_BYTES).equals(end));
});
