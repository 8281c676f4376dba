import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileSources } from '../../../src/media/isobmff/byte-source.ts';
import { checkStructure } from '../../../src/stages/validate/chunk-structure.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { ffmpeg, mediaTools } from '../../support/stage-context.ts';
import { rungOf } from '../assemble/film.ts';

const FRAMES = 4;

test('an HDR rung that an encoder made with 8 bits is refused', async (t) => {
  const { abilities } = await mediaTools();
  if (!abilities.encoders.has('libx265') && !process.env.CI) return t.skip('this ffmpeg has no libx265');
  const folder = testFolder(t);
  const files = new FileSources();
  const faultOf = async (pixelFormat: string): Promise<string | undefined> => {
    const path = join(folder, `${pixelFormat}.mp4`);
    const coded = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error', '-tag:v', 'hvc1', '-video_track_timescale', '24'];
    const fragments = ['-movflags', '+frag_keyframe+empty_moov+default_base_moof+delay_moov'];
    await ffmpeg(['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=24', '-frames:v', String(FRAMES), '-pix_fmt', pixelFormat, ...coded, ...fragments, path]);
    const ptsTicks = Array.from({ length: FRAMES }, (_, i) => i);
    const rung = { ...rungOf('h265'), hdr: true };
    const { fault } = await checkStructure(await files.source(path), { rung, timeBase: { num: 1, den: 24 }, ptsTicks, endPtsTicks: FRAMES, idrPositions: [0] });
    return fault?.message;
  };
  try {
    assert.match((await faultOf('yuv420p')) ?? '', /^HDR pictures need 10 bits and are coded as hvc1\.1\./);
    assert.equal(await faultOf('yuv420p10le'), undefined);
  } finally {
    await files.close();
  }
});
