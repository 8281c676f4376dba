import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { findProgram, findTools } from '../../../src/adapters/ffmpeg/find-tools.ts';
import { fakeTool, testFolder } from '../../support/fake-tool.ts';

test('tools come from PATH, the first folder that has a program', (t) => {
  const folder = testFolder(t);
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  mkdirSync(join(first, 'ffmpeg'), { recursive: true });
  mkdirSync(second);
  writeFileSync(join(first, 'ffprobe'), 'not executable');
  const ffmpegPath = fakeTool(second, 'ffmpeg', '');
  const ffprobePath = fakeTool(second, 'ffprobe', '');
  assert.deepEqual(findTools({ PATH: `${first}::${second}` }), { ffmpegPath, ffprobePath });
});

test('a variable names a tool by path or by name and wins over PATH', (t) => {
  const folder = testFolder(t);
  const [onPath, named] = ['ffmpeg', 'ffmpeg-9'].map((name) => fakeTool(folder, name, ''));
  const ffprobePath = fakeTool(folder, 'ffprobe', '');
  for (const wanted of [named, relative(process.cwd(), named), 'ffmpeg-9']) {
    assert.deepEqual(findTools({ PATH: folder, SCENELINE_FFMPEG: wanted }), { ffmpegPath: named, ffprobePath });
  }
  assert.equal(findTools({ PATH: folder, SCENELINE_FFMPEG: '' }).ffmpegPath, onPath, 'an empty variable is unset');
});

test('what is missing is named, and a variable that names nothing is not passed over in silence', (t) => {
  const folder = testFolder(t);
  const ffmpegPath = fakeTool(folder, 'ffmpeg', '');
  assert.throws(() => findTools({ PATH: folder }), { code: 'SL-102', message: /^ffprobe not found/ });
  assert.throws(() => findTools({}), { code: 'SL-102', message: /^ffmpeg and ffprobe not found/ });
  assert.throws(() => findTools({ PATH: folder, SCENELINE_FFPROBE: join(folder, 'gone') }), { code: 'SL-102', message: /SCENELINE_FFPROBE/ });
  chmodSync(ffmpegPath, 0o644);
  assert.equal(findProgram('ffmpeg', { PATH: folder }), null);
});
