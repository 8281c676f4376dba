import assert from 'node:assert/strict';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findTools } from '../../../src/adapters/ffmpeg/find-tools.ts';
import { ensureMediaTools } from '../../../src/roles/doctor/ensure-media-tools.ts';
import { installLine, parseSystemFamily } from '../../../src/roles/doctor/host.ts';
import { fakeTool, testFolder } from '../../support/fake-tool.ts';

const DEBIAN_ROOT = { family: 'debian', isRoot: true } as const;
const real = findTools(process.env);

test('tools that are there are used at once', async () => {
  const said: string[] = [];
  const tools = await ensureMediaTools(process.env, (sentence) => said.push(sentence));
  assert.equal(tools.abilities.ffmpegPath, real.ffmpegPath);
  assert.deepEqual(said, []);
});

test('root on Debian: what is missing is installed, announced, without a question', async (t) => {
  const folder = testFolder(t);
  const log = join(folder, 'log');
  const source = `const fs = require('node:fs'); const args = process.argv.slice(2); fs.appendFileSync(${JSON.stringify(log)}, args.join(' ') + ' ' + process.env.DEBIAN_FRONTEND + '\\n');
    if (args.includes('install')) for (const [name, path] of ${JSON.stringify(Object.entries({ ffmpeg: real.ffmpegPath, ffprobe: real.ffprobePath }))}) fs.symlinkSync(path, ${JSON.stringify(folder)} + '/' + name);`;
  fakeTool(folder, 'apt-get', source);
  const said: string[] = [];
  const tools = await ensureMediaTools({ PATH: folder }, (sentence) => said.push(sentence), DEBIAN_ROOT);
  assert.equal(tools.abilities.ffmpegPath, join(folder, 'ffmpeg'));
  assert.match(said.join(), /apt-get update && apt-get install -y --no-install-recommends ffmpeg/);
  const calls = readFileSync(log, 'utf8').trim().split('\n');
  assert.match(calls[0], /update noninteractive$/);
  assert.match(calls[1], /install -y --no-install-recommends ffmpeg noninteractive$/);
});

test('an installation that fails shows its last words', async (t) => {
  const folder = testFolder(t);
  fakeTool(folder, 'apt-get', `console.error('E: no network'); process.exit(100)`);
  await assert.rejects(
    ensureMediaTools({ PATH: folder }, () => {}, DEBIAN_ROOT),
    { code: 'SL-102', exitStatus: 2, message: /exit 100[\s\S]*E: no network/ },
  );
});

test('an installation that installs nothing is noticed', async (t) => {
  const folder = testFolder(t);
  fakeTool(folder, 'apt-get', '');
  await assert.rejects(
    ensureMediaTools({ PATH: folder }, () => {}, DEBIAN_ROOT),
    { code: 'SL-102' },
  );
});

test('everywhere else the line to type is shown and nothing is run', async (t) => {
  const folder = testFolder(t);
  fakeTool(folder, 'apt-get', `require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'ran'))}, '')`);
  symlinkSync(real.ffmpegPath, join(folder, 'ffmpeg'));
  const line = 'sudo apt-get update && sudo apt-get install -y --no-install-recommends ffmpeg';
  await assert.rejects(ensureMediaTools({ PATH: folder }, assert.fail, { family: 'debian', isRoot: false }), (error: Error) => error.message.includes(line));
  await assert.rejects(ensureMediaTools({ PATH: folder }, assert.fail, { family: 'macos', isRoot: false }), /brew install ffmpeg/);
  await assert.rejects(ensureMediaTools({ PATH: folder, SCENELINE_FFPROBE: '/gone' }, assert.fail, DEBIAN_ROOT), /SCENELINE_FFPROBE/);
  assert.throws(() => readFileSync(join(folder, 'ran')));
});

test('systems are told apart by their own description', () => {
  assert.equal(parseSystemFamily('PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n'), 'debian');
  assert.equal(parseSystemFamily('ID=linuxmint\nID_LIKE="ubuntu debian"\n'), 'debian');
  assert.equal(parseSystemFamily('ID="rocky"\nID_LIKE="rhel centos fedora"\n'), 'fedora');
  assert.equal(parseSystemFamily('ID="opensuse-leap"\n'), 'suse');
  assert.equal(parseSystemFamily('ID=alpine\n'), 'alpine');
  assert.equal(parseSystemFamily('NAME=debian\n'), 'other');
  assert.equal(installLine(['a', 'b'], { family: 'alpine', isRoot: true }), 'apk add a b');
});
