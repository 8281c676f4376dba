import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Confinement, guardCommand, PLAIN_GUARD, type ProcessGuard, probeGuard } from '../../../src/adapters/ffmpeg/process-guard.ts';
import { limitsOf } from '../../../src/adapters/ffmpeg/process-limits.ts';
import { fakeTool, testFolder } from '../../support/fake-tool.ts';

const SUPERVISE = pathToFileURL(join(import.meta.dirname, '../../../src/adapters/ffmpeg/supervise.ts')).href;
const CONFINED: Confinement = { limits: limitsOf({ stallMs: 1e6, wallMs: 1e6 }), hasNetwork: false };
const guards: readonly ProcessGuard[] = [probeGuard(process.env), PLAIN_GUARD];

for (const guard of guards) {
  test(`a tool dies when its parent is killed (${guard.kind})`, async (t) => {
    const folder = testFolder(t);
    const socketPath = join(folder, 'socket');
    // Holds on to a connection: its end is the tool's end.
    const tool = fakeTool(folder, 'tool', `require('node:net').connect(process.argv[2]); process.on('SIGTERM', () => {}); process.on('SIGHUP', () => {})`);
    const server = createServer();
    t.after(() => server.close());
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const spec = JSON.stringify({ command: [tool, socketPath], guard, env: {}, limits: { stallMs: 1e6, wallMs: 1e6 } });
    const program = `import(${JSON.stringify(SUPERVISE)}).then((m) => m.superviseProcess({ ...${spec}, outputs: new Map([[1, () => {}], [3, () => {}]]) }))`;
    const parent = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
    const socket = await connected;
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()).resume());
    parent.kill('SIGKILL');
    await gone;
  });
}

test('a parent that died before the guard was set is noticed', async () => {
  const [guard] = guards;
  if (guard.kind !== 'setpriv') return;
  const someoneElse = guardCommand(guard, process.ppid, [], ['/bin/echo', 'still here'], CONFINED);
  const child = spawn(someoneElse.program, someoneElse.args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(status, 137);
  assert.equal(said, '');
});

test('commands are passed on untouched, and the lifeline keeps off descriptors in use', () => {
  const command = ['/opt/a b/ffmpeg', '-i', '$(reboot)', "it's", ''];
  const lifeline = guardCommand(PLAIN_GUARD, 1, [1, 2, 9, 8], command, CONFINED);
  assert.deepEqual(lifeline.args.slice(-command.length), command);
  assert.match(lifeline.args[1], /^exec 7<&0 /);
  assert.equal(lifeline.needsLifeline, true);
  const setpriv = guardCommand({ kind: 'setpriv', setprivPath: '/usr/bin/setpriv', isRoot: false, withoutNetwork: null }, 42, [1], command, CONFINED);
  assert.deepEqual(setpriv.args.slice(-command.length - 1), ['42', ...command]);
  assert.throws(() => guardCommand(PLAIN_GUARD, 1, [3, 4, 5, 6, 7, 8, 9], command, CONFINED), RangeError);
});

test('without setpriv, or with one that knows no death signal, the lifeline is used', (t) => {
  const folder = testFolder(t);
  assert.deepEqual(probeGuard({ PATH: folder }), PLAIN_GUARD);
  fakeTool(folder, 'setpriv', 'process.exit(1)');
  assert.deepEqual(probeGuard({ PATH: folder }), PLAIN_GUARD);
});
