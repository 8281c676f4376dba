import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findTools } from '../../../src/adapters/ffmpeg/find-tools.ts';
import { doctor } from '../../../src/roles/doctor/doctor.ts';
import { FFMPEG_PIN, type FfmpegPin, getFfmpeg } from '../../../src/roles/doctor/get-ffmpeg.ts';
import { ownFfmpegPath, withOwnFfmpeg } from '../../../src/roles/doctor/own-ffmpeg.ts';
import { runCli } from '../../support/cli.ts';
import { fakeTool, testFolder } from '../../support/fake-tool.ts';

const real = findTools(process.env);
const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;
const needsPip = { skip: !hasPip && process.env.CI !== 'true' && 'no python3 with pip on PATH' };
const WHEEL = 'imageio_ffmpeg-0.8.1-py3-none-any.whl';

/** An index on loopback with one package, whose ffmpeg is a script that becomes the real one. */
async function fakeIndex(t: TestContext) {
  const folder = testFolder(t);
  const info = 'imageio_ffmpeg-0.8.1.dist-info';
  for (const made of ['imageio_ffmpeg/binaries', info]) mkdirSync(join(folder, made), { recursive: true });
  writeFileSync(join(folder, 'imageio_ffmpeg/binaries/ffmpeg-linux-x86_64-v9.0.2'), `#!/bin/sh\nexec '${real.ffmpegPath}' "$@"\n`);
  writeFileSync(join(folder, info, 'METADATA'), 'Metadata-Version: 2.1\nName: imageio-ffmpeg\nVersion: 0.8.1\n');
  writeFileSync(join(folder, info, 'WHEEL'), 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n');
  writeFileSync(join(folder, info, 'RECORD'), '');
  execFileSync('python3', ['-m', 'zipfile', '-c', WHEEL, 'imageio_ffmpeg', info], { cwd: folder });
  const wheel = readFileSync(join(folder, WHEEL));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/simple/imageio-ffmpeg/') response.setHeader('content-type', 'text/html').end(`<!doctype html><a href="/${WHEEL}">${WHEEL}</a>`);
    else if (request.url === `/${WHEEL}`) response.end(wheel);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
  const env = {
    ...process.env,
    HOME: folder,
    PIP_CONFIG_FILE: '/dev/null',
    PIP_NO_CACHE_DIR: '1',
    PIP_INDEX_URL: address,
    PIP_EXTRA_INDEX_URL: '',
    PIP_RETRIES: '0',
  };
  const pinOf = (sha256: string): FfmpegPin => ({ ...FFMPEG_PIN, sha256: { here: sha256 } });
  return { env, asked, pin: pinOf(createHash('sha256').update(wheel).digest('hex')), otherPin: pinOf('0'.repeat(64)) };
}

const order = { system: 'here', signal: new AbortController().signal, confirm: async () => true };

test('a state folder that cannot be made is SL-106 before anything is downloaded', needsPip, async (t) => {
  const { env, pin, asked } = await fakeIndex(t);
  const file = join(testFolder(t), 'file');
  writeFileSync(file, '');
  await assert.rejects(getFfmpeg({ ...order, env, pin, stateDir: join(file, 'state') }), { code: 'SL-106' });
  assert.deepEqual(asked, []);
});

test('after a yes the pinned ffmpeg is downloaded, tried, and found before PATH and after the variable', needsPip, async (t) => {
  const { env, pin, asked } = await fakeIndex(t);
  const stateDir = testFolder(t);
  const questions: string[] = [];
  const confirm = async (question: string) => questions.push(question) > 0;
  const path = await getFfmpeg({ ...order, env, stateDir, pin, confirm });
  assert.equal(path, join(stateDir, 'tools/ffmpeg'));
  assert.match(questions.join(), /imageio-ffmpeg 0\.8\.1/);
  assert.ok(asked.includes(`/${WHEEL}`));
  assert.deepEqual(readdirSync(join(stateDir, 'tools')), ['ffmpeg']);
  assert.equal(findTools(withOwnFfmpeg({ PATH: process.env.PATH }, stateDir)).ffmpegPath, path);
  assert.equal(findTools(withOwnFfmpeg({ PATH: process.env.PATH, SCENELINE_FFMPEG: real.ffmpegPath }, stateDir)).ffmpegPath, real.ffmpegPath);
  const { checks } = await doctor(withOwnFfmpeg({ PATH: process.env.PATH }, stateDir), stateDir);
  assert.match(checks.find(({ name }) => name === 'ffmpeg')?.finding ?? '', /tools\/ffmpeg\), brought by doctor --get-ffmpeg$/);
});

test('what is not what was pinned is not kept', needsPip, async (t) => {
  const { env, otherPin } = await fakeIndex(t);
  const stateDir = testFolder(t);
  await assert.rejects(getFfmpeg({ ...order, env, stateDir, pin: otherPin }), {
    code: 'SL-102',
    message: /not the pinned ffmpeg \(SHA-256 [0-9a-f]{64} instead of 0{64}\)/,
  });
  assert.deepEqual(readdirSync(join(stateDir, 'tools')), []);
});

test('a package that the index has not, a no, and a system without a pin leave nothing behind', needsPip, async (t) => {
  const { env, pin, asked } = await fakeIndex(t);
  const stateDir = testFolder(t);
  assert.equal(await getFfmpeg({ ...order, env, stateDir, pin, confirm: async () => false }), null);
  await assert.rejects(getFfmpeg({ ...order, env, stateDir, pin, system: 'moon-x1' }), { code: 'SL-102' });
  assert.deepEqual(asked, []);
  assert.ok(!existsSync(join(stateDir, 'tools')));
  await assert.rejects(getFfmpeg({ ...order, env, stateDir, pin: { ...pin, version: '9.9.9' } }), { code: 'SL-102', message: /could not be installed/ });
  assert.deepEqual(readdirSync(join(stateDir, 'tools')), []);
});

test('where Python is missing the line to type is shown', async (t) => {
  const stateDir = testFolder(t);
  const host = { family: 'debian', isRoot: true } as const;
  const missing = getFfmpeg({ ...order, env: { PATH: stateDir }, stateDir, pin: { ...FFMPEG_PIN, sha256: { here: 'x' } }, host });
  await assert.rejects(missing, { code: 'SL-102', message: /apt-get install -y --no-install-recommends python3-pip/ });
});

test('the command asks nobody who is not there, and every command finds what the state folder has', async (t) => {
  const folder = testFolder(t);
  const poor = fakeTool(folder, 'ffmpeg', 'process.exit(1)');
  const asked = await runCli(['doctor', '--get-ffmpeg', '--state', join(folder, 'state')], { SCENELINE_FFMPEG: poor });
  assert.equal(asked.code, 2);
  assert.match(asked.stderr, /SL-101.*give --yes/);
  assert.equal((await runCli(['doctor', '--get-ffmpeg', '--cluster'])).code, 2);

  mkdirSync(join(folder, 'state/tools'), { recursive: true });
  fakeTool(join(folder, 'state/tools'), 'ffmpeg', `console.log('own'); process.exit(1)`);
  writeFileSync(join(folder, 'film.mp4'), 'x');
  const inspected = await runCli(['inspect', join(folder, 'film.mp4'), '--state', join(folder, 'state')], { SCENELINE_FFMPEG: '' });
  assert.equal(inspected.code, 2);
  assert.ok(inspected.stderr.includes(`${ownFfmpegPath(join(folder, 'state'))} does not work here`), inspected.stderr);
});
