import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { skewCheck, workersCheck } from '../../src/roles/cluster/doctor/examine-cluster.ts';
import type { DoctorReport } from '../../src/roles/doctor/doctor.ts';
import { freePort } from '../services/free-port.ts';
import type { CliEnd, CliRun } from '../support/cli.ts';
import { until } from '../support/poll.ts';
import { parseMetrics } from '../support/promql.ts';
import { ClusterPlace, clusterMissing } from './cluster-place.ts';

describe('doctor --cluster', { skip: clusterMissing() ?? false, timeout: 240_000 }, () => {
  let place: ClusterPlace;

  before(async () => {
    place = await ClusterPlace.start();
  });
  after(async () => {
    await place?.stop();
  });

  /** The report, after a look that no secret is anywhere in what was said. */
  function reportOf({ stdout, stderr }: CliEnd): DoctorReport {
    const { accessKeyId, secretAccessKey } = place.s3.settings.credentials!;
    for (const secret of [accessKeyId, secretAccessKey, 'not-the-secret']) assert.ok(!`${stdout}${stderr}`.includes(secret), 'a secret is in the report');
    return JSON.parse(stdout);
  }
  const faults = ({ checks }: DoctorReport) => checks.filter((check) => check.isNeeded && !check.isThere);
  const findingOf = ({ checks }: DoctorReport, name: string) => checks.find((check) => check.name === name)?.finding ?? '';

  it('finds a cluster ready, twice, and names what it found', async () => {
    const first = await place.run(['doctor', '--cluster', '--json']);
    const report = reportOf(first);
    assert.deepEqual([faults(report), report.ready, first.code], [[], true, 0], first.stderr);
    assert.match(findingOf(report, 'kafka'), /^1 broker at 127/);
    assert.match(findingOf(report, 'cassandra'), /^5\.\d/);
    assert.equal(findingOf(report, 'clock of Cassandra'), 'agrees with ours');
    assert.equal(findingOf(report, 'clock of the store'), 'agrees with ours');
    assert.match(findingOf(report, 'dead letters'), /^kept/);
    assert.equal(findingOf(report, 'workers'), 'none has announced itself');
    const again = await place.run(['doctor', '--cluster']);
    assert.equal(again.code, 0, again.stdout + again.stderr);
    assert.match(again.stdout, /\nReady\.\n/);
  });

  it('names everything that is wrong at once, with the mend', async () => {
    await writeFile(join(place.root, 'wrong-secret'), 'not-the-secret');
    const config = JSON.parse(await place.configText('cluster'));
    config.kafka.brokers = [`127.0.0.1:${await freePort()}`];
    config.cassandra.contactPoints = [`127.0.0.1:${await freePort()}`];
    config.s3.secretAccessKey = { file: 'wrong-secret' };
    config.scratch = 'wrong-secret/scratch';
    await writeFile(place.configPath('wrong'), JSON.stringify(config));
    const end = await place.start(['doctor', '--cluster', '--json'], 'wrong').end;
    assert.equal(end.code, 2, end.stderr);
    const found = faults(reportOf(end));
    assert.deepEqual(
      found.map(({ name, finding }) => [name, finding.split(' ')[0]]),
      [
        ['kafka', 'SL-151'],
        ['cassandra', 'SL-141'],
        ['object store', 'SL-162'],
        ['scratch folder', join(place.root, 'wrong-secret/scratch')],
      ],
    );
    for (const { name, remedy } of found) assert.ok(remedy, `${name} has no remedy`);
  });

  it('knows a bucket that is missing, more copies than brokers, and a configuration that is not valid', async () => {
    const config = JSON.parse(await place.configText('cluster'));
    const kafka = { ...config.kafka, prefix: 'other', replicationFactor: 3 };
    await writeFile(place.configPath('no-bucket'), JSON.stringify({ ...config, kafka, s3: { ...config.s3, bucket: 'nobodys-bucket' } }));
    const missing = await place.start(['doctor', '--cluster', '--json'], 'no-bucket').end;
    assert.equal(missing.code, 2, missing.stderr);
    const [topics, store] = faults(reportOf(missing));
    assert.match(topics.finding, /^SL-153 .*replication/i);
    assert.match(store.finding, /^SL-163 There is no bucket nobodys-bucket/);
    await writeFile(place.configPath('not-valid'), '{"kafka": {}, "s3": {}}');
    const invalid = await place.start(['doctor', '--cluster', '--json'], 'not-valid').end;
    assert.equal(invalid.code, 2);
    const { error } = JSON.parse(invalid.stdout) as { error: { code: string; message: string } };
    assert.equal(error.code, 'SL-112');
    for (const spot of ['kafka.brokers', 'cassandra', 's3.bucket', 'scratch']) assert.ok(error.message.includes(`\n  ${spot}: `), error.message);
  });

  it('lists workers; roles tell their metrics; SIGTERM ends both', async () => {
    const roles = ['control', 'worker'].map((role) => place.start([role, '--metrics', '0']));
    const [control, worker] = await Promise.all(roles.map(metricsOf));
    await until('control sees the slots', async () => (await control('sceneline_slots')) > 0 && (await control('sceneline_control_has_turn')) === 1);
    await until('control counted what waits', async () => (await control('sceneline_pending_events')) === 0);
    assert.ok((await worker('sceneline_worker_slots')) > 0);
    assert.ok((await worker('sceneline_scratch_free_bytes')) > 0);
    const report = reportOf(await place.run(['doctor', '--cluster', '--json']));
    assert.match(findingOf(report, 'workers'), /^1 with \d+ slots of build [0-9a-f]{12}$/);
    for (const { child } of roles) child.kill('SIGTERM');
    for (const { end } of roles) assert.equal((await end).signal, null);
  });
});

/** Reads one metric of a role, once it says where it serves them: the sum of its series, NaN without any. */
async function metricsOf({ child }: CliRun): Promise<(name: string) => Promise<number>> {
  let said = '';
  child.stderr!.on('data', (text: string) => (said += text));
  const address = await until('metrics are served', () => /"metrics are served","address":"([^"]+)"/.exec(said)?.[1]);
  return async (name) => {
    const response = await fetch(`http://${address}/metrics`, { headers: { connection: 'close' } });
    const found = parseMetrics(await response.text()).filter((sample) => sample.name === name);
    return found.length === 0 ? Number.NaN : found.reduce((sum, { value }) => sum + value, 0);
  };
}

describe('what doctor makes of figures', () => {
  it('warns of clocks that differ, and needs none of them', () => {
    assert.equal(skewCheck('c', 9000).isThere, true);
    assert.match(skewCheck('c', 3_600_000).finding, /3600 s ahead of ours/);
    assert.match(skewCheck('c', -11_000).finding, /11 s behind ours/);
    for (const skew of [null, 0, 1e9]) assert.equal(skewCheck('c', skew).isNeeded, false);
  });

  it('lists workers by encoder build', () => {
    const worker = (encoderBuild: string, slots: number) => ({ worker: `${encoderBuild}${slots}`, encoderBuild, slots, classes: [] });
    assert.equal(workersCheck([worker('a', 1), worker('b', 2), worker('a', 3)]).finding, '2 with 4 slots of build a; 1 with 2 slots of build b');
    assert.match(workersCheck([]).remedy ?? '', /sceneline worker/);
  });
});
