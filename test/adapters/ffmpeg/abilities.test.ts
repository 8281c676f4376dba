import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildIdOf,
  parseEncoderBuild,
  parseEncoders,
  parseFilters,
  parseVersion,
  probeAbilities,
  requireUsable,
} from '../../../src/adapters/ffmpeg/abilities.ts';
import { FfmpegMediaTools } from '../../../src/adapters/ffmpeg/media-tools.ts';
import { probeGuard } from '../../../src/adapters/ffmpeg/process-guard.ts';
import { fakeTool, testFolder } from '../../support/fake-tool.ts';

const LIBRARIES = (avutil: string) => `\nbuilt with gcc 12\nconfiguration: --enable-gpl\nlibavutil      ${avutil} / ${avutil}\n`;

test('version numbers are read from every usual form', () => {
  const cases: [string, number, number][] = [
    ['ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers', 5, 1],
    ['ffmpeg version n8.1.2 Copyright', 8, 1],
    ['ffmpeg version 7.0 Copyright', 7, 0],
    ['ffmpeg version 6.1.1-3ubuntu5 Copyright', 6, 1],
    ['ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright', 4, 4],
    [`ffmpeg version N-109542-g1bf1a85dd8 Copyright${LIBRARIES('58. 36.101')}`, 6, 0],
    [`ffmpeg version 2024-06-03-git-77ad449911-full_build-www Copyright${LIBRARIES('59. 21.100')}`, 7, 0],
    [`ffmpeg version git-2022-08-01-aaaa Copyright${LIBRARIES('57. 30.100')}`, 5, 1],
    [`ffmpeg version N-1-gaaaa Copyright${LIBRARIES('57. 20.100')}`, 5, 0],
    ['', 0, 0],
    ['ffmpeg version 99999999999999.1', 0, 0],
  ];
  for (const [text, major, minor] of cases) {
    const { version, ...numbers } = parseVersion(text);
    assert.deepEqual(numbers, { major, minor }, text);
    assert.equal(version, text.split('\n')[0]);
  }
});

test('lists of encoders and filters are read, headings and all', () => {
  const encoders = ` V..... = Video\n A..... = Audio\n ------\n V....D libx264              libx264 H.264 (codec h264)\n A....D aac                  AAC\n VF..X. v210-x               odd\nV....D no\n`;
  assert.deepEqual([...parseEncoders(encoders)], ['libx264', 'aac', 'v210-x']);
  const filters =
    ' T.. = Timeline support\n  | = Source or sink filter\n ..C scale             V->V       Scale.\n TS framehash N->|  x\n ... testsrc2          |->V       Test.\n ... amix  N->A  x\n';
  assert.deepEqual([...parseFilters(filters)], ['scale', 'framehash', 'testsrc2', 'amix']);
});

test('encoders name their builds', () => {
  assert.equal(parseEncoderBuild('libx264', 'x264 - core 164 r3095 baee400 - H.264/MPEG-4 AVC'), '164 r3095 baee400');
  assert.equal(parseEncoderBuild('libx264', 'x264 - core 165 - H.264'), '165');
  assert.equal(parseEncoderBuild('libx265', 'x265 [info]: HEVC encoder version 3.5+1-f0c1022b6\n'), '3.5+1-f0c1022b6');
  assert.equal(parseEncoderBuild('libsvtav1', 'Svt[info]: SVT [version]:\tSVT-AV1 Encoder Lib v1.4.1\n'), '1.4.1');
  assert.equal(parseEncoderBuild('libx264', 'nothing'), null);
});

test('the build id changes with whatever decides coded bytes, and with nothing else', () => {
  const text = `ffmpeg version 5.1${LIBRARIES('57. 28.100')}`;
  const id = buildIdOf(text, { libx264: '164', libx265: null });
  assert.equal(buildIdOf(`${text}Exiting with exit code 0\n`, { libx265: null, libx264: '164' }), id);
  for (const other of [text.replace('5.1', '5.2'), text.replace('--enable-gpl', ''), text.replaceAll('57. 28', '57. 29'), text.replace('gcc 12', 'gcc 13')]) {
    assert.notEqual(buildIdOf(other, { libx264: '164', libx265: null }), id);
  }
  assert.notEqual(buildIdOf(text, { libx264: '165', libx265: null }), id);
});

test('the tools of this machine are probed', async () => {
  const { abilities } = await FfmpegMediaTools.open(process.env);
  assert.match(abilities.version, /^ffmpeg version /);
  assert.ok(abilities.major >= 5);
  for (const name of ['libx264', 'aac', 'mov_text']) assert.ok(abilities.encoders.has(name), name);
  for (const name of ['scale', 'split', 'trim', 'testsrc2']) assert.ok(abilities.filters.has(name), name);
  assert.match(abilities.buildId, /^[0-9a-f]{64}$/);
  assert.equal((await FfmpegMediaTools.open(process.env)).abilities.buildId, abilities.buildId);
});

test('a tool that is too old, has no libx264, fails, answers without end or is no program is refused with words', async (t) => {
  const folder = testFolder(t);
  const ffprobe = fakeTool(folder, 'ffprobe', '');
  const open = (name: string, source: string) =>
    FfmpegMediaTools.open({ PATH: process.env.PATH, SCENELINE_FFMPEG: fakeTool(folder, name, source), SCENELINE_FFPROBE: ffprobe });
  await assert.rejects(open('old', `console.log('ffmpeg version 4.4.2 x')`), { code: 'SL-103', message: /4\.4\.2.*5\.1 or newer/ });
  await assert.rejects(open('bare', `console.log('ffmpeg version 6.0 x')`), { code: 'SL-103', message: /no libx264/ });
  await assert.rejects(
    open('broken', `console.error('libx.so: cannot open shared object file'); process.exit(127)`),
    (error: { code: string; evidence: { stderrTail: string } }) => {
      assert.equal(error.code, 'SL-102');
      assert.match(error.evidence.stderrTail, /libx\.so/);
      return true;
    },
  );
  await assert.rejects(open('endless', `const b = 'x'.repeat(65536); const w = () => process.stdout.write(b, w); w()`), /endless answer|does not work/);
  const notProgram = fakeTool(folder, 'text', '');
  const tools = { ffmpegPath: `${notProgram}-gone`, ffprobePath: ffprobe };
  await assert.rejects(probeAbilities(tools, probeGuard(process.env), {}), { code: 'SL-102' });
});

test('usable is 5.1 or newer with libx264', () => {
  const abilities = { ffmpegPath: 'f', ffprobePath: 'p', version: 'v', encoders: new Set(['libx264']), filters: new Set<string>(), buildId: 'b' };
  assert.throws(() => requireUsable({ ...abilities, major: 5, minor: 0 }), { code: 'SL-103' });
  for (const [major, minor] of [
    [5, 1],
    [6, 0],
    [9, 0],
  ])
    requireUsable({ ...abilities, major, minor });
});
