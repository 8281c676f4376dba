import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { probeGuard } from '../../../src/adapters/ffmpeg/process-guard.ts';
import { doctor, doctorText } from '../../../src/roles/doctor/doctor.ts';
import { type Check, checkAbilities, checkRuntime } from '../../../src/roles/doctor/examine.ts';
import { fakeTool, testFolder } from '../../support/fake-tool.ts';

const HOST = { family: 'debian', isRoot: true } as const;
const named = (checks: readonly Check[], name: string) => checks.find((check) => check.name === name);

test('this machine is ready, and the examination leaves nothing but the state folder', async (t) => {
  const stateDir = join(testFolder(t), 'a', 'state');
  const report = await doctor(process.env, stateDir, HOST);
  assert.equal(report.ready, true);
  assert.ok(existsSync(stateDir));
  assert.deepEqual(readdirSync(stateDir), []);
  assert.match(named(report.checks, 'machine')?.finding ?? '', /\d+ cores, .* [1-9]\d* workers/);
  const { withoutNetwork } = probeGuard(process.env);
  assert.equal(named(report.checks, 'no network')?.isThere, withoutNetwork !== null);
  if (process.platform === 'linux') assert.equal(named(report.checks, 'limits')?.isThere, true);
  assert.match(doctorText(report), /^ok +runtime +Node \d+/);
  assert.match(doctorText(report), /\nReady\.$|\nReady\.\n\nWould add more:/);
});

test('what is missing is named with the command that mends it', async (t) => {
  const folder = testFolder(t);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const report = await doctor({ PATH: folder, SCENELINE_FFPROBE: file, SCENELINE_PACKAGER: file }, join(file, 'state'), HOST);
  assert.equal(report.ready, false);
  const faults = report.checks.filter((check) => check.isNeeded && !check.isThere);
  assert.deepEqual(
    faults.map((check) => [check.name, check.remedy]),
    [
      ['ffmpeg', 'apt-get update && apt-get install -y --no-install-recommends ffmpeg'],
      ['ffprobe', 'correct or unset SCENELINE_FFPROBE'],
      ['state folder', 'give another folder with --state or SCENELINE_STATE'],
    ],
  );
  assert.equal(named(report.checks, 'packager')?.isThere, false);
  const noNetwork = named(report.checks, 'no network');
  assert.deepEqual([noNetwork?.isThere, noNetwork?.isNeeded], [false, false]);
  assert.match(noNetwork?.finding ?? '', /only lists of protocols/);
  const text = doctorText(report);
  for (const check of faults) assert.ok(text.includes(`  ${check.name}: ${check.remedy}`));
  assert.match(text, /Not ready/);
});

test('tools that do not answer are missing', async (t) => {
  const folder = testFolder(t);
  for (const name of ['ffmpeg', 'ffprobe']) fakeTool(folder, name, 'process.exit(1)');
  const { checks, ready } = await doctor({ PATH: folder }, folder, HOST);
  assert.equal(ready, false);
  assert.match(named(checks, 'ffmpeg')?.finding ?? '', /does not work here/);
});

test('builds are judged by what they can do', () => {
  const build = { ffmpegPath: 'f', ffprobePath: 'p', version: 'ffmpeg version 9.0 Copyright', major: 9, minor: 0, buildId: 'b' };
  const full = checkAbilities(
    { ...build, encoders: new Set(['libx264', 'libx265', 'libsvtav1']), filters: new Set(['zscale', 'bwdif', 'ssim', 'libvmaf']) },
    'line',
  );
  assert.ok(full.every((check) => check.isThere && check.remedy === null));
  const bare = checkAbilities({ ...build, encoders: new Set(['libx264']), filters: new Set() }, 'line');
  assert.deepEqual(
    bare.filter((check) => !check.isThere).map((check) => [check.name, check.isNeeded]),
    [
      ['H.265 rungs', false],
      ['AV1 rungs', false],
      ['HDR sources in SDR ladders', false],
      ['interlaced sources', false],
      ['quality scores', false],
      ['VMAF scores', false],
    ],
  );
  const old = checkAbilities({ ...build, major: 4, minor: 4, encoders: new Set(['libx264']), filters: new Set() }, 'line');
  assert.deepEqual([old[0].isThere, old[0].isNeeded, old[0].remedy], [false, true, 'line']);
});

test('the runtime must be new enough', () => {
  assert.equal(checkRuntime('24.21.0').isThere, true);
  assert.equal(checkRuntime('20.20.2').isThere, false);
});
