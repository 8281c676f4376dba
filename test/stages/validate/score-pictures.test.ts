import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseSsimLog, parseVmafLog, readScores, scoreArguments } from '../../../src/stages/validate/score-pictures.ts';
import { testFolder } from '../../support/fake-tool.ts';

test('scores that a process left are one for each picture or none', async (t) => {
  const folder = testFolder(t);
  const scored = { index: 0, positions: [12, 36, 60], fedPath: 'f.nut', fedInput: 1, vmafPlaces: [0, 2] };
  writeFileSync(join(folder, 'ssim-0.txt'), 'n:1 Y:0.9\nn:2 Y:0.8\nn:3 Y:0.7\n');
  writeFileSync(join(folder, 'vmaf-0.csv'), 'Frame,vmaf,\n0,95,\n2,97,\n');
  assert.deepEqual(await readScores(scored, folder), { positions: [12, 36, 60], ssim: [0.9, 0.8, 0.7], vmaf: [95, null, 97] });
  assert.deepEqual((await readScores({ ...scored, vmafPlaces: [] }, folder))?.vmaf, [null, null, null]);
  assert.equal(await readScores({ ...scored, vmafPlaces: [0] }, folder), null);
  writeFileSync(join(folder, 'ssim-0.txt'), 'n:1 Y:0.9\nn:2 Y:0.8\n');
  assert.equal(await readScores(scored, folder), null);
  assert.equal(await readScores({ ...scored, index: 9 }, folder), null, 'no picture came through, so no log was begun');
});

test('scores are read from what the filters write, as many digits as are the same everywhere', () => {
  const ssim = 'n:1 Y:0.987654 U:0.99 V:0.99 All:0.98 (19.1)\nn:2 Y:1.000000 All:1.0 (inf)\nn:3 Y:nan All:nan (nan)\nn:4 Y:0.5';
  assert.deepEqual(parseSsimLog(ssim), [0.9877, 1, 0.5]);
  assert.deepEqual(parseSsimLog('garbage'), []);
  const vmaf = 'Frame,integer_adm2,integer_motion2,vmaf,\n0,0.98,0.000000,95.123456,\n1,1.0,0.000000,100.000000,\n';
  assert.deepEqual(parseVmafLog(vmaf), [95.12, 100]);
  assert.deepEqual(parseVmafLog(''), []);
  assert.deepEqual(parseVmafLog('Frame,psnr\n0,44\n'), []);
});

test('VMAF is asked for of some pictures, each by itself', () => {
  const scored = { index: 1, positions: [12, 36], fedPath: 'f.nut', fedInput: 3, vmafPlaces: [] };
  const plain = scoreArguments(scored);
  assert.ok(plain.graph[0].startsWith("[made1]select='eq(n,12)+eq(n,36)',"));
  assert.ok(!plain.graph.join(';').includes('vmaf'));
  const { graph, outputs } = scoreArguments({ ...scored, vmafPlaces: [1] });
  assert.ok(graph.join(';').includes("select='eq(n,1)'") && graph.join(';').includes('motion_force_zero=true'));
  assert.deepEqual(
    outputs.filter((argument) => argument.startsWith('[')),
    ['[ssim1]', '[vmaf1]'],
  );
});
