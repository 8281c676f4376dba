import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLocalWorkerDead, localWorkerName } from '../../../src/adapters/embedded/local-workers.ts';
import { startScript } from './child.ts';

const [boot, pid, ticks] = localWorkerName(3).split(':');
const [bootId, namespace] = boot.split('.');

describe('local worker names', () => {
  it('name this process, and tell that it lives', () => {
    assert.match(localWorkerName(3), /^[0-9a-f-]{36}\.\d+:\d+:\d+:3$/);
    assert.equal(localWorkerName(3), localWorkerName(3));
    assert.equal(pid, String(process.pid));
    assert.equal(isLocalWorkerDead(localWorkerName(3)), false);
  });

  it('know a worker dead whose machine was started anew, or whose process is another one or none', () => {
    const otherBoot = `${bootId.slice(0, -1)}${bootId.endsWith('0') ? '1' : '0'}`;
    assert.equal(isLocalWorkerDead(`${otherBoot}.${namespace}:${pid}:${ticks}:3`), true);
    assert.equal(isLocalWorkerDead(`${boot}:${pid}:${Number(ticks) + 1}:3`), true);
    assert.equal(isLocalWorkerDead(`${boot}:2147483647:${ticks}:3`), true);
  });

  it('know a worker dead once its process was killed', async () => {
    const child = startScript('say-name.ts', []);
    const name = await child.line();
    assert.equal(isLocalWorkerDead(name), false);
    await child.kill();
    assert.equal(isLocalWorkerDead(name), true);
  });

  it('never call dead what they cannot judge', () => {
    const names = [
      '',
      'worker',
      `${boot}.1:${pid}:${ticks}:3`,
      `${bootId}.1:${pid}:${ticks}:3`,
      `${boot}:${pid}:${ticks}`,
      `unknown:${pid}:0:1`,
      `x${boot}:1:1:1`,
    ];
    for (const name of [...names, `${boot}:-1:${ticks}:3`, `${boot}:${pid}:${ticks}:3\n`, 'a'.repeat(100_000)])
      assert.equal(isLocalWorkerDead(name), false, name);
  });
});
