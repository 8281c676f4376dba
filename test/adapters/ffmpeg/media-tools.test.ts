import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FfmpegMediaTools, preludeArgs, toolEnvironment } from '../../../src/adapters/ffmpeg/media-tools.ts';
import { PLAIN_GUARD, type ProcessGuard, probeGuard } from '../../../src/adapters/ffmpeg/process-guard.ts';
import type { ScenelineError } from '../../../src/model/errors.ts';
import type { MediaCommand } from '../../../src/ports/media-tools.ts';
import { fakeTool, testFolder } from '../../support/fake-tool.ts';
import { onSmallDisk } from '../embedded/small-disk.ts';

const LIMITS = { stallMs: 20_000, wallMs: 60_000 };
const real = await FfmpegMediaTools.open(process.env);
const guards: readonly ProcessGuard[] = [probeGuard(process.env), PLAIN_GUARD];

/** Media tools whose ffmpeg is this JavaScript. */
function fake(t: TestContext, source: string, guard: ProcessGuard = guards[0]): FfmpegMediaTools {
  const ffmpegPath = fakeTool(testFolder(t), 'ffmpeg', source);
  return new FfmpegMediaTools({ ...real.abilities, ffmpegPath, ffprobePath: ffmpegPath }, guard, toolEnvironment(process.env));
}

function runFake(tools: FfmpegMediaTools, command: Partial<MediaCommand> = {}) {
  return tools.run({ tool: 'ffmpeg', args: [], limits: LIMITS, ...command });
}

async function failureOf(run: Promise<unknown>): Promise<ScenelineError> {
  return run.then(
    () => assert.fail('must fail'),
    (error) => error,
  );
}

/** A zombie that nobody has reaped yet is dead. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Nobody waits for a grandchild: the system takes a moment to end what was killed. */
async function endsSoon(pid: number): Promise<boolean> {
  for (const startedMs = performance.now(); isAlive(pid); await sleep(20)) if (performance.now() - startedMs > 5000) return false;
  return true;
}

/** Collects one descriptor as text and tells when it first says something. */
function collector() {
  const parts: Buffer[] = [];
  let heard = () => {};
  const first = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const consume = (bytes: Uint8Array) => {
    parts.push(Buffer.from(bytes));
    heard();
  };
  return { consume, first, text: () => Buffer.concat(parts).toString() };
}

const TEST_PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=1'];

for (const guard of guards) {
  const tools = new FfmpegMediaTools(real.abilities, guard, toolEnvironment(process.env));

  test(`several outputs arrive whole, with frames, CPU and memory (${guard.kind})`, async () => {
    const sizes = { 1: 0, 3: 0, 5: 0 };
    const seen: number[] = [];
    const count = (fd: 1 | 3 | 5) => (bytes: Uint8Array) => {
      sizes[fd] += bytes.length;
    };
    const outputs = { 1: count(1), 3: count(3), 5: count(5) };
    const args = [
      ...TEST_PICTURE,
      '-map',
      '0:v',
      '-f',
      'rawvideo',
      'pipe:1',
      '-map',
      '0:v',
      '-vf',
      'format=gray',
      '-f',
      'rawvideo',
      'pipe:3',
      '-map',
      '0:v',
      '-c:v',
      'libx264',
      '-f',
      'h264',
      'pipe:5',
    ];
    const run = await tools.run({ tool: 'ffmpeg', args, outputs, limits: LIMITS, onFrames: (frames) => seen.push(frames) });
    assert.equal(sizes[1], 320 * 180 * 1.5 * 25);
    assert.equal(sizes[3], 320 * 180 * 25);
    assert.ok(sizes[5] > 1000);
    assert.equal(seen.at(-1), 25);
    assert.ok(run.cpuSeconds > 0.01 && run.wallSeconds > 0 && run.peakMemoryBytes > 10e6);
    assert.deepEqual(run.errorLines, []);
    assert.match(run.log, /\[info\] Input #0, lavfi/);
    assert.deepEqual(run.command.slice(0, 3), [real.abilities.ffmpegPath, '-hide_banner', '-nostdin']);
  });

  test(`a slow consumer slows the tool, is not held against it, and loses nothing (${guard.kind})`, async (t) => {
    const source = `const { createHash, randomFillSync } = require('node:crypto'); const fs = require('node:fs');
      const all = createHash('sha256'); for (let i = 0; i < 40; i++) { const b = randomFillSync(Buffer.alloc(65536)); all.update(b); fs.writeSync(1, b); }
      fs.writeSync(2, '[info] sha ' + all.digest('hex') + '\\n');`;
    const hash = createHash('sha256');
    let busy = 0;
    // Longer than the stall limit.
    let first = 2000;
    const consume = async (bytes: Uint8Array) => {
      assert.equal(++busy, 1, 'one call at a time');
      await new Promise((resolve) => setTimeout(resolve, first));
      first = 1;
      hash.update(bytes);
      busy--;
    };
    const run = await runFake(fake(t, source, guard), { outputs: { 1: consume }, limits: { stallMs: 1500, wallMs: 60_000 } });
    assert.ok(run.log.includes(`sha ${hash.digest('hex')}`));
  });

  test(`a tool that hangs is killed at the stall limit, even one that repeats its report (${guard.kind})`, async (t) => {
    const source = `const fs = require('node:fs'); const fd = Number(process.argv.find((a) => a.startsWith('pipe:')).slice(5));
      process.on('SIGTERM', () => {}); fs.writeSync(1, String(process.pid)); fs.writeSync(2, '[info] working\\n');
      setInterval(() => fs.writeSync(fd, 'frame=5\\nprogress=continue\\n'), 20);`;
    const out = collector();
    const error = await failureOf(runFake(fake(t, source, guard), { args: ['-x'], outputs: { 1: out.consume }, limits: { stallMs: 1500, wallMs: 60_000 } }));
    assert.equal(error.code, 'SL-301');
    assert.match(error.message, /no sign of life for 1\.5 s/);
    assert.match(error.evidence?.exitStatus ?? '', /SIGKILL.*stall/);
    assert.match(error.evidence?.stderrTail ?? '', /working/);
    assert.equal(error.evidence?.command?.at(-1), '-x');
    assert.equal(isAlive(Number(out.text())), false);
  });

  test(`abort asks first, then kills; nothing is left (${guard.kind})`, async (t) => {
    const stop = new AbortController();
    const out = collector();
    const obedient = runFake(fake(t, `process.stdout.write(String(process.pid)); setInterval(() => {}, 1e6)`, guard), {
      outputs: { 1: out.consume },
      signal: stop.signal,
    });
    const stubbornOut = collector();
    const stubborn = runFake(fake(t, `process.on('SIGTERM', () => {}); process.stdout.write(String(process.pid)); setInterval(() => {}, 1e6)`, guard), {
      outputs: { 1: stubbornOut.consume },
      signal: stop.signal,
    });
    await Promise.all([out.first, stubbornOut.first]);
    const startedMs = performance.now();
    stop.abort(new Error('lease lost'));
    const first = await failureOf(obedient);
    assert.ok(performance.now() - startedMs < 1500);
    assert.equal(first.code, 'SL-130');
    assert.equal((first.cause as Error).message, 'lease lost');
    assert.equal((await failureOf(stubborn)).code, 'SL-130');
    assert.deepEqual(
      [out, stubbornOut].map((o) => isAlive(Number(o.text()))),
      [false, false],
    );
    assert.equal((await failureOf(runFake(fake(t, '', guard), { signal: stop.signal }))).code, 'SL-130', 'aborted before it began');
  });
}

test('a tool that says more than any film makes it say is ended, and costs us little', { timeout: 120_000 }, async (t) => {
  const saying = (mebibytes: number) => `const line = '\\u001b[0;33m[warning] \\u001b[0m' + 'x'.repeat(234) + '\\n'; const block = line.repeat(256);
    for (let i = 0; i < ${16 * mebibytes}; i++) require('node:fs').writeSync(2, block);`;
  const before = process.cpuUsage();
  const run = await runFake(fake(t, saying(120)));
  const { user } = process.cpuUsage(before);
  assert.ok(run.log.length <= 256 * 1024);
  assert.ok(user < 10e6, `${user / 1e6} s`);
  const error = await failureOf(runFake(fake(t, saying(130))));
  assert.equal(error.code, 'SL-350');
  assert.match(error.message, /^ffmpeg wrote more than 128 MiB of messages/);
  assert.match(error.evidence?.stderrTail ?? '', /^\[warning\] x+$/m);
});

test('the wall limit ends a tool that is busy for ever, with standard error in bounded memory', async (t) => {
  const source = `const fs = require('node:fs'); const b = '[error] ' + 'x'.repeat(60000) + '\\n'; setInterval(() => fs.writeSync(2, b), 5);`;
  const error = await failureOf(runFake(fake(t, source), { limits: { stallMs: 20_000, wallMs: 1200 } }));
  assert.equal(error.code, 'SL-301');
  assert.match(error.message, /not done after 1\.2 s/);
  assert.ok((error.evidence?.stderrTail?.length ?? 0) <= 8192);
});

test('an exit status other than 0 is a failure with its evidence; 0 with short output is for the caller to see', async (t) => {
  const error = await failureOf(real.run({ tool: 'ffmpeg', args: ['-i', 'file:no-such-file.mp4', '-f', 'null', '-'], limits: LIMITS }));
  assert.equal(error.code, 'SL-301');
  assert.equal(error.evidence?.exitStatus, 'exit 1');
  assert.match(error.message, /No such file or directory/);
  const out = collector();
  const run = await runFake(fake(t, `process.stdout.write('short')`), { outputs: { 1: out.consume } });
  assert.equal(out.text(), 'short');
  assert.equal(run.log, '');
});

test('a tool that dies of a signal says which', async (t) => {
  const error = await failureOf(runFake(fake(t, `process.kill(process.pid, 'SIGSEGV')`)));
  assert.equal(error.evidence?.exitStatus, 'signal SIGSEGV');
});

test('garbage on every descriptor does no harm', async (t) => {
  const source = `const { randomBytes } = require('node:crypto'); const fs = require('node:fs'); for (let i = 0; i < 50; i++) for (const fd of [1, 2, 3]) fs.writeSync(fd, randomBytes(20000));`;
  let received = 0;
  const consume = (bytes: Uint8Array) => {
    received += bytes.length;
  };
  await runFake(fake(t, source), { outputs: { 1: consume } });
  assert.equal(received, 1_000_000);
});

test('pipes closed early do not end the wait for the process', async (t) => {
  const source = `const fs = require('node:fs'); fs.writeSync(1, 'a'); for (const fd of [1, 2, 3]) fs.closeSync(fd); setTimeout(() => process.exit(9), 150);`;
  const error = await failureOf(runFake(fake(t, source), { outputs: { 1: () => {} } }));
  assert.equal(error.evidence?.exitStatus, 'exit 9');
});

test('an output that nobody wants goes nowhere and blocks nothing', async (t) => {
  await runFake(fake(t, `process.stdout.write('x'.repeat(5e6))`));
});

test('a consumer that throws ends the tool, and its own error comes out', async (t) => {
  const out = collector();
  const source = `const fs = require('node:fs'); fs.writeSync(3, String(process.pid)); const b = Buffer.alloc(65536); for (;;) fs.writeSync(1, b);`;
  const bad = () => {
    throw new RangeError('bad picture');
  };
  const run = runFake(fake(t, source), { outputs: { 1: () => out.first.then(bad), 3: out.consume } });
  await assert.rejects(run, /bad picture/);
  assert.equal(isAlive(Number(out.text())), false);
});

test('a disk that only the tool holds to be full is a failure of the tool, whatever the exit status', async (t) => {
  for (const status of [0, 1]) {
    const source = `console.error('\\u001b[1;31m[error] \\u001b[0mav_interleaved_write_frame(): No space left on device'); process.exitCode = ${status}`;
    const cwd = testFolder(t);
    const error = await failureOf(runFake(fake(t, source), { cwd }));
    assert.equal(error.code, 'SL-301');
    assert.match(error.message, /No space left on device/);
    assert.deepEqual(readdirSync(cwd), []);
  }
});

test('a disk that is full is told as such', (t) =>
  onSmallDisk(t, 1, async (cwd) => {
    const args = [...TEST_PICTURE, '-f', 'rawvideo', 'file:film.yuv'];
    const error = await failureOf(real.run({ tool: 'ffmpeg', args, cwd, limits: LIMITS }));
    assert.equal(error.code, 'SL-110');
    assert.equal(error.exitStatus, 130);
    assert.deepEqual(readdirSync(cwd), ['film.yuv']);
  }));

test('a child of the tool that keeps the pipe open is killed with it', async (t) => {
  const source = `const { spawn } = require('node:child_process'); const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' });
    require('node:fs').writeSync(1, String(child.pid)); setTimeout(() => process.exit(0), 50);`;
  const out = collector();
  const error = await failureOf(runFake(fake(t, source), { outputs: { 1: out.consume }, limits: { stallMs: 1500, wallMs: 60_000 } }));
  assert.equal(error.code, 'SL-301');
  assert.ok(await endsSoon(Number(out.text())));
});

test('a tool that cannot be started is a missing tool', async (t) => {
  const gone = new FfmpegMediaTools({ ...real.abilities, ffmpegPath: join(testFolder(t), 'gone') }, PLAIN_GUARD, {});
  assert.match((await failureOf(runFake(gone))).evidence?.exitStatus ?? '', /exit 12[67]/);
  const unguarded = new FfmpegMediaTools(
    real.abilities,
    { kind: 'setpriv', setprivPath: join(testFolder(t), 'gone'), isRoot: false, withoutNetwork: null },
    {},
  );
  assert.equal((await failureOf(runFake(unguarded))).code, 'SL-102');
});

test('the tool sees little of our environment, and has no standard input', async (t) => {
  process.env.SCENELINE_SECRET_OF_TEST = 'x';
  t.after(() => delete process.env.SCENELINE_SECRET_OF_TEST);
  const source = `process.stdin.on('end', () => console.log(JSON.stringify(Object.keys(process.env)))).resume()`;
  for (const guard of guards) {
    const each = collector();
    await runFake(fake(t, source, guard), { outputs: { 1: each.consume } });
    const names: string[] = JSON.parse(each.text());
    assert.deepEqual(
      names.filter((name) => !['PATH', 'LD_LIBRARY_PATH', 'TMPDIR', 'LC_ALL', 'AV_LOG_FORCE_COLOR', 'PWD', '_', 'SHLVL', 'OLDPWD'].includes(name)),
      [],
    );
  }
});

test('ffprobe runs with errors only, and its CPU time is looked up', async (t) => {
  const path = join(testFolder(t), 'noise.mp4');
  writeFileSync(path, 'no film');
  const error = await failureOf(real.run({ tool: 'ffprobe', args: ['-show_format', path], outputs: { 1: () => {} }, limits: LIMITS }));
  assert.match(error.evidence?.stderrTail ?? '', /\[error\]/);
  const run = await real.run({ tool: 'ffprobe', args: ['-f', 'lavfi', '-show_frames', 'testsrc2=duration=8'], outputs: { 1: () => {} }, limits: LIMITS });
  assert.ok(run.cpuSeconds > 0);
  assert.deepEqual(preludeArgs('ffprobe', null), ['-hide_banner', '-v', 'level+error']);
});
