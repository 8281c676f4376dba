import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { controlMetrics } from '../../../../src/roles/cluster/metrics/control-metrics.ts';
import { Registry } from '../../../../src/roles/cluster/metrics/registry.ts';
import { roleMetrics } from '../../../../src/roles/cluster/metrics/role-metrics.ts';
import { parseListen, serveMetrics } from '../../../../src/roles/cluster/metrics/serve-metrics.ts';
import { workerMetrics } from '../../../../src/roles/cluster/metrics/worker-metrics.ts';
import { VERSION } from '../../../../src/roles/version.ts';
import { handlersThat } from '../../../pipeline/rows.ts';
import { jobOfKind, titleIn } from '../../../pipeline/samples.ts';
import { parseMetrics } from '../../../support/promql.ts';
import { roundOf } from '../../../support/told-metrics.ts';

async function figure(registry: Registry, name: string, labels: { readonly [name: string]: string } = {}): Promise<number | undefined> {
  const fits = (found: { readonly [name: string]: string }) => Object.entries(labels).every(([label, value]) => found[label] === value);
  return parseMetrics(await registry.text()).find((sample) => sample.name === name && fits(sample.labels))?.value;
}

function control() {
  const registry = new Registry();
  return { registry, metrics: controlMetrics(registry, roleMetrics(registry, 'control', import.meta.dirname)) };
}

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../../package.json'), 'utf8'));
  assert.equal(VERSION, version);
});

test('text of labels cannot break out of its line', async () => {
  const registry = new Registry();
  registry.counter('a_total', 'help').add({ b: 'x"} 1\nevil{c="\\' });
  assert.equal(await registry.text(), '# HELP a_total help\n# TYPE a_total counter\na_total{b="x\\"} 1\\nevil{c=\\"\\\\"} 1\n');
  assert.equal(parseMetrics(await registry.text()).length, 1);
});

test('a histogram counts into every bucket that is wide enough', async () => {
  const registry = new Registry();
  const seconds = registry.histogram('s', 'help', [1, 10]);
  for (const value of [0.5, 1, 5, 50]) seconds.observe({ kind: 'encode' }, value);
  const lines = (await registry.text()).split('\n').slice(2, -1);
  const buckets = ['1"} 2', '10"} 3', '+Inf"} 4'].map((end) => `s_bucket{kind="encode",le="${end}`);
  assert.deepEqual(lines, [...buckets, 's_sum{kind="encode"} 56.5', 's_count{kind="encode"} 4']);
});

test('figures of a control that lost the turn are gone, so that sums over all controls are right', async () => {
  const { registry, metrics } = control();
  metrics.hear({ type: 'turn', isOurs: true });
  metrics.hear(roundOf({ ready: 5, offered: 2, slots: 0 }));
  metrics.hear({ type: 'swept', byState: new Map([['encoding', 1]]) });
  assert.equal(await figure(registry, 'sceneline_control_has_turn'), 1);
  assert.equal(await figure(registry, 'sceneline_stranded_jobs'), 5);
  assert.equal(await figure(registry, 'sceneline_live_titles', { state: 'encoding' }), 1);
  metrics.hear({ type: 'turn', isOurs: false });
  assert.equal(await figure(registry, 'sceneline_control_has_turn'), 0);
  for (const name of ['ready_jobs', 'offered_jobs', 'slots', 'stranded_jobs', 'live_titles'])
    assert.equal(await figure(registry, `sceneline_${name}`), undefined);
});

test('the end of a title is counted once, however often control looks at it', async () => {
  const { registry, metrics } = control();
  for (let i = 0; i < 3; i++) metrics.hear({ type: 'title', title: titleIn('failed') });
  metrics.hear({ type: 'title', title: titleIn('failed', { rev: 9 }) });
  assert.equal(await figure(registry, 'sceneline_titles_ended_total', { state: 'failed' }), 2);
});

test('troubles are told apart by the server they come from', async () => {
  const { registry, metrics } = control();
  const codes = { 'SL-145': 'cassandra', 'SL-151': 'kafka', 'SL-162': 's3', 'SL-110': 'disk', ECONNRESET: 'other' };
  for (const code of Object.keys(codes)) metrics.hear({ type: 'trouble', error: Object.assign(new Error('x'), { code }) });
  metrics.hear({ type: 'trouble', error: null });
  for (const server of Object.values(codes)) assert.equal(await figure(registry, 'sceneline_trouble_total', { server }), server === 'other' ? 2 : 1);
});

test('a worker tells what it runs, how jobs end, and frames proven or reused', async () => {
  const registry = new Registry();
  const metrics = workerMetrics(registry, roleMetrics(registry, 'worker', import.meta.dirname), 2);
  const job = jobOfKind('encode', { losses: 1 });
  metrics.hear({ type: 'started', job });
  assert.equal(await figure(registry, 'sceneline_running_jobs'), 1);
  const handlers = metrics.counted(handlersThat(async () => ({ framesEncoded: 48, framesReused: 0 })));
  await handlers.encode(job, { attemptId: 'a', signal: new AbortController().signal, onFrames() {}, spend() {} });
  metrics.hear({ type: 'settled', job, outcome: 'done', wallMs: 2500 });
  const told = await Promise.all(
    ['running_jobs', 'jobs_restarted_total', 'job_seconds_sum'].map((name) =>
      figure(registry, `sceneline_${name}`, name === 'running_jobs' ? {} : { kind: 'encode' }),
    ),
  );
  assert.deepEqual(told, [0, 1, 2.5]);
  assert.equal(await figure(registry, 'sceneline_jobs_ended_total', { kind: 'encode', outcome: 'done' }), 1);
  assert.deepEqual(
    [await figure(registry, 'sceneline_frames_total', { what: 'proven' }), await figure(registry, 'sceneline_frames_total', { what: 'reused' })],
    [48, 0],
  );
});

test('--metrics takes a port or an address, and nothing else', () => {
  assert.deepEqual(parseListen('9464'), { host: '127.0.0.1', port: 9464 });
  assert.deepEqual(parseListen('0.0.0.0:9464'), { host: '0.0.0.0', port: 9464 });
  assert.deepEqual(parseListen('[::1]:9464'), { host: '::1', port: 9464 });
  for (const text of ['', 'x', ':1', '65536', '-1', '1.5', 'a:b', '[x]:1', '::1:9464', 'u@h:1', 'h:1/x', '9'.repeat(10_000)]) {
    assert.throws(() => parseListen(text), { code: 'SL-101' }, text.slice(0, 20));
  }
});

test('the page answers what it has, refuses the rest, and outlives rubbish', async () => {
  const page = await serveMetrics({ text: async () => 'a 1\n' }, { host: '127.0.0.1', port: 0 });
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://${page.address}${path}`, { method, headers: { connection: 'close' } });
    return [response.status, await response.text()];
  };
  try {
    await rubbish(page.address);
    assert.deepEqual(await get('/metrics?x=1'), [200, 'a 1\n']);
    assert.deepEqual(await get('/healthz'), [200, 'ok\n']);
    assert.deepEqual(await get('/metrics', 'HEAD'), [200, '']);
    assert.equal((await get('/metrics', 'POST'))[0], 405);
    for (const path of ['/', '/metrics/', '/%2e%2e/etc/passwd', '//healthz']) assert.equal((await get(path))[0], 404, path);
    const [host, port] = page.address.split(':');
    await assert.rejects(serveMetrics({ text: async () => '' }, { host, port: Number(port) }), { code: 'SL-101', message: /cannot listen/ });
  } finally {
    await page.close();
  }
});

test('a page whose reading fails ends that answer and no more', async () => {
  const page = await serveMetrics({ text: () => Promise.reject(new Error('broken')) }, { host: '127.0.0.1', port: 0 });
  try {
    const failed = new Promise((resolve) => request(`http://${page.address}/metrics`).once('error', resolve).end());
    assert.ok((await failed) instanceof Error);
    assert.equal((await fetch(`http://${page.address}/healthz`, { headers: { connection: 'close' } })).status, 200);
  } finally {
    await page.close();
  }
});

/** Sends what is no HTTP, and waits until the server hangs up. */
function rubbish(address: string): Promise<void> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port), host, () => socket.write('\0\xff rubbish\r\n\r\n'));
    socket.resume().once('error', () => {});
    socket.once('close', () => resolve());
  });
}
