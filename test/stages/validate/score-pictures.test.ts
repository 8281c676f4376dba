import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSsimLog, parseVmafLog, scoreArguments } from '../../../src/stages/validate/score-pictures.ts';

test('scores are read from what the filters write, as many digits as are the same everywhere', () => {
  const ssim = 'n:1 Y:0.987654 U:0.99 V:0.99 All:0.98 (19.1)\nn:2 Y:1.000000 All:1.0 (inf)\nn:3 Y:nan All:nan (nan)\nn:4 Y:0.5';
  assert.deepEqual(parseSsimLog(ssim), [0.9877, 1, 0.5]);
  assert.deepEqual(parseSsimLog('garbage'), []);
  const vmaf = 'Frame,integer_adm2,integer_motion2,vmaf,\n0,0.98,0.000000,95.123456,\n1,1.0,0.000000,100.000000,\n';
  assert.deepEqual(parseVmafLog(vmaf), [95.12, 100]);
  assert.deepEqual(parseVmafLog(''), []);
  assert.deepEqual(parseVmafLog('Frame,psnr\n0,44\n'), []);
});

test('VMAF is asked for where the ffmpeg has it, of each picture by itself', () => {
  const scored = { index: 1, positions: [12, 36], fedInput: 3, withVmaf: false };
  const plain = scoreArguments(scored);
  assert.ok(plain.graph[0].startsWith("[made1]select='eq(n,12)+eq(n,36)',"));
  assert.ok(!plain.graph.join(';').includes('vmaf'));
  const { graph, outputs } = scoreArguments({ ...scored, withVmaf: true });
  assert.ok(graph.join(';').includes('motion_force_zero=true'));
  assert.deepEqual(
    outputs.filter((argument) => argument.startsWith('[')),
    ['[ssim1]', '[vmaf1]'],
  );
});
