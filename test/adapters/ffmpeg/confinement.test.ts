import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FfmpegMediaTools, needsNetwork, toolEnvironment } from '../../../src/adapters/ffmpeg/media-tools.ts';
import { PLAIN_GUARD, type ProcessGuard, probeGuard } from '../../../src/adapters/ffmpeg/process-guard.ts';
import { limitReached, limitsOf, limitWords, missingLimits } from '../../../src/adapters/ffmpeg/process-limits.ts';
import type { ScenelineError } from '../../../src/model/errors.ts';
import type { MediaLimits } from '../../../src/ports/media-tools.ts';
import { fakeTool, testFolder } from '../../support/fake-tool.ts';

const PATIENT = { stallMs: 60_000, wallMs: 120_000 };
const guards: readonly ProcessGuard[] = [probeGuard(process.env), { ...PLAIN_GUARD, withoutNetwork: probeGuard(process.env).withoutNetwork }];
const real = await FfmpegMediaTools.open(process.env);

function toolsOf(guard: ProcessGuard, program?: string): FfmpegMediaTools {
  const paths = program ? { ffmpegPath: program, ffprobePath: program } : {};
  return new FfmpegMediaTools({ ...real.abilities, ...paths }, guard, toolEnvironment(process.env));
}

async function failureOf(
  guard: ProcessGuard,
  args: readonly string[],
  limits: Partial<MediaLimits>,
  tool: 'ffmpeg' | 'ffprobe' = 'ffmpeg',
): Promise<ScenelineError> {
  return toolsOf(guard)
    .run({ tool, args, limits: { ...PATIENT, ...limits } })
    .then(
      () => assert.fail('must fail'),
      (error) => error,
    );
}

/** What a program of ours says under a guard. */
async function heard(t: TestContext, guard: ProcessGuard, source: string, args: readonly string[] = []): Promise<string> {
  let text = '';
  const outputs = {
    1: (bytes: Uint8Array) => {
      text += Buffer.from(bytes).toString();
    },
  };
  await toolsOf(guard, fakeTool(testFolder(t), 'ffmpeg', source)).run({ tool: 'ffprobe', args, outputs, limits: PATIENT });
  return text;
}

const ENDLESS = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25'];

for (const guard of guards) {
  test(`memory, CPU time and output end a process that takes too much, and say so (${guard.kind})`, async (t) => {
    const path = join(testFolder(t), 'out.raw');
    const huge = ['-f', 'lavfi', '-i', 'color=size=64x64:rate=1:duration=1', '-vf', 'scale=8192:8192', '-f', 'null', '-'];
    const cases = [
      { error: await failureOf(guard, huge, { memoryBytes: 60e6 }), says: /more than 0\.1 GiB of memory/, status: /\(memory limit\)$/ },
      { error: await failureOf(guard, [...ENDLESS, '-f', 'null', '-'], { cpuSeconds: 1 }), says: /more than 1 s of CPU time/, status: /\(CPU limit\)$/ },
      {
        error: await failureOf(guard, ['-f', 'lavfi', '-show_frames', 'testsrc2=size=640x360:rate=25'], { cpuSeconds: 1 }, 'ffprobe'),
        says: /more than 1 s of CPU time/,
        status: /^signal SIGXCPU/,
      },
      { error: await failureOf(guard, [...ENDLESS, '-y', '-f', 'rawvideo', path], { fileBytes: 1e6 }), says: /GiB of output/, status: /SIGXFSZ/ },
    ];
    for (const { error, says, status } of cases) {
      assert.equal(error.code, 'SL-350', error.message);
      assert.match(error.message, says);
      assert.match(error.evidence?.exitStatus ?? '', status);
    }
    assert.ok(readFileSync(path).length <= 1e6 + 512);
  });

  test(`files stay few, and no core is written (${guard.kind})`, async (t) => {
    const source = `const fs = require('node:fs'); let n = 0; try { for (; n < 5000; n++) fs.openSync('/dev/null'); } catch (error) { console.log(error.code, n); }`;
    const [code, count] = (await heard(t, guard, source)).split(' ');
    assert.equal(code, 'EMFILE');
    assert.ok(Number(count) < 256);
    if (existsSync('/proc/self/limits')) {
      const limits = await heard(t, guard, `console.log(require('node:fs').readFileSync('/proc/self/limits', 'utf8'))`);
      assert.match(limits, /Max core file size +0 +0/);
    }
  });

  test(`a process has no network unless it reads from our own reader (${guard.kind})`, async (t) => {
    if (guard.withoutNetwork === null) return t.diagnostic('this system lets nobody take the network away');
    const server = createServer((socket) => socket.end());
    t.after(() => server.close());
    const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)));
    const source = `require('node:net').connect(${port}, '127.0.0.1').on('error', (error) => console.log(error.code)).on('connect', () => { console.log('connected'); process.exit(0); })`;
    assert.notEqual((await heard(t, guard, source)).trim(), 'connected');
    assert.notEqual((await heard(t, guard, source, ['-protocol_whitelist', 'file,pipe'])).trim(), 'connected');
    assert.equal((await heard(t, guard, source, ['-protocol_whitelist', 'http,tcp'])).trim(), 'connected');
  });
}

test('root gives up what it can do beyond files, and nobody gains anything', async (t) => {
  const [guard] = guards;
  if (guard.kind !== 'setpriv') return;
  const status = await heard(t, guard, `console.log(require('node:fs').readFileSync('/proc/self/status', 'utf8'))`);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  // CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH are bits 1 and 2 (capabilities(7)).
  if (guard.isRoot) assert.match(status, /^CapEff:\t0000000000000006$/m);
});

test('the network is for lists that name it', () => {
  assert.equal(needsNetwork(['-protocol_whitelist', 'http,tcp', '-i', 'http://127.0.0.1:1/x']), true);
  assert.equal(needsNetwork(['-protocol_whitelist', 'file', '-i', 'file:tcp']), false);
  assert.equal(needsNetwork(['-i', 'tcp']), false);
});

test('what a command leaves open is bounded by the machine', () => {
  const { cpuSeconds, memoryBytes, fileBytes } = limitsOf({ stallMs: 1000, wallMs: 10_000 });
  assert.ok(cpuSeconds >= 10 && memoryBytes >= 4 * 1024 ** 3 && fileBytes > 1e9);
  assert.deepEqual(limitWords({ openFiles: 9, fileBytes: 1024, memoryBytes: 2048, cpuSeconds: 1.5 }), ['9', '2', '2', '2', '7']);
});

test('this machine knows every limit', () => {
  if (process.platform === 'linux') assert.deepEqual(missingLimits(), []);
});

test('a limit is told from other ends', () => {
  assert.equal(limitReached({ status: null, signalName: 'SIGXCPU' }, ''), 'CPU');
  assert.equal(limitReached({ status: 255, signalName: null }, '[info] Exiting normally, received signal 24.\n'), 'CPU');
  assert.equal(limitReached({ status: null, signalName: 'SIGXFSZ' }, ''), 'output');
  assert.equal(limitReached({ status: 1, signalName: null }, '[error] x: Cannot allocate memory\n'), 'memory');
  assert.equal(limitReached({ status: 1, signalName: null }, 'x264 [error]: malloc of size 10828911 failed\n'), 'memory');
  const tags = '[info]     title           : Cannot allocate memory\n[info]     comment         : Exiting normally, received signal 24.\n';
  assert.equal(limitReached({ status: 1, signalName: null }, `${tags}[error] Invalid data\n`), null);
  assert.equal(limitReached({ status: 0, signalName: null }, '[error] x: Cannot allocate memory\n'), null);
  assert.equal(limitReached({ status: null, signalName: 'SIGSEGV' }, ''), null);
});
