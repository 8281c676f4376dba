import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ScenelineError } from '../../../src/model/errors.ts';
import { type ClusterConfig, parseClusterConfig, readClusterConfig } from '../../../src/roles/cluster/config.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { mangledTexts } from '../../support/mangle-text.ts';

const SECRET = 'correct horse battery staple';
const FILES: { readonly [path: string]: string } = { 's3-key': `${SECRET}\n`, 'kafka-word': SECRET, 'ca.pem': 'CA', 'our.pem': 'CERT', 'our.key': SECRET };
const ENV = { S3_ID: 'an-id' };

const LEAST = {
  kafka: { brokers: ['kafka1:9092'] },
  cassandra: { contactPoints: ['db1'], localDataCenter: 'dc1' },
  s3: { bucket: 'films', accessKeyId: { env: 'S3_ID' }, secretAccessKey: { file: 's3-key' } },
  scratch: 'scratch',
};

function parse(config: unknown, env: NodeJS.ProcessEnv = ENV): ClusterConfig {
  return parseClusterConfig(typeof config === 'string' ? config : JSON.stringify(config), env, (file) => {
    if (!Object.hasOwn(FILES, file)) throw new Error(`ENOENT: no such file, open '${file}'`);
    return FILES[file];
  });
}

/** The problems that a configuration is refused with. */
function problemsOf(config: unknown, env?: NodeJS.ProcessEnv): readonly string[] {
  try {
    parse(config, env);
  } catch (error) {
    assert.ok(error instanceof ScenelineError && error.code === 'SL-112', String(error));
    assert.ok(!error.message.includes(SECRET), 'a secret is in the message');
    return error.message.split('\n').slice(1);
  }
  return [];
}

test('the least that must be said gets the usual values', () => {
  const { kafka, cassandra, s3, scratch, lockSeconds } = parse(LEAST);
  assert.deepEqual(kafka, { brokers: ['kafka1:9092'], prefix: 'sceneline', replicationFactor: 3 });
  assert.deepEqual(cassandra, { contactPoints: ['db1'], localDataCenter: 'dc1', keyspace: 'sceneline', replicationFactor: 3 });
  assert.deepEqual(s3, { bucket: 'films', region: 'us-east-1', prefix: '', pathStyle: false, accessKeyId: 'an-id', secretAccessKey: SECRET });
  assert.deepEqual([scratch, lockSeconds], ['scratch', 30]);
});

test('secrets and certificates come from files and variables', () => {
  const config = parse({
    ...LEAST,
    kafka: {
      ...LEAST.kafka,
      tls: { ca: 'ca.pem', cert: 'our.pem', key: 'our.key' },
      sasl: { mechanism: 'PLAIN', username: 'u', password: { file: 'kafka-word' } },
    },
    cassandra: { ...LEAST.cassandra, tls: {}, username: 'u', password: { env: 'S3_ID' } },
    s3: { ...LEAST.s3, ca: 'ca.pem' },
  });
  assert.deepEqual(config.kafka.tls, { ca: 'CA', cert: 'CERT', key: SECRET });
  assert.equal(config.kafka.sasl?.password, SECRET);
  assert.deepEqual([config.cassandra.tls, config.cassandra.auth], [{}, { username: 'u', password: 'an-id' }]);
  assert.equal(config.s3.ca, 'CA');
});

test('every problem is named with its place, at once', () => {
  const wrong = {
    kafka: { brokers: ['kafka1'], replicationFactor: 0, tls: { cert: 'our.pem' }, brokkers: [] },
    cassandra: { contactPoints: ['u@db1'], keyspace: 'No Name', username: 'u' },
    s3: { endpoint: 'ftp://s3', bucket: 'B', accessKeyId: SECRET, secretAccessKey: { value: SECRET } },
    lockSeconds: 5,
  };
  const problems = problemsOf(wrong);
  const places = problems.map((problem) => problem.trim().split(':')[0]);
  const expected = ['kafka', 'kafka.brokers.0', 'kafka.replicationFactor', 'kafka.tls', 'cassandra', 'cassandra.contactPoints.0', 'cassandra.localDataCenter'];
  for (const place of [...expected, 'cassandra.keyspace', 's3.endpoint', 's3.bucket', 's3.accessKeyId', 's3.secretAccessKey', 'scratch', 'lockSeconds']) {
    assert.ok(places.includes(place), `${place} is not in:\n${problems.join('\n')}`);
  }
});

test('every secret and certificate that is not there is named, at once', () => {
  const problems = problemsOf(
    {
      ...LEAST,
      kafka: { ...LEAST.kafka, tls: { ca: 'no.pem' }, sasl: { mechanism: 'PLAIN', username: 'u', password: { file: 'none' } } },
      cassandra: { ...LEAST.cassandra, username: 'u', password: { env: 'NOBODY' } },
    },
    {},
  );
  assert.deepEqual(
    problems.map((problem) => problem.trim().split(':')[0]),
    ['kafka.tls.ca', 'kafka.sasl.password', 'cassandra.password', 's3.accessKeyId'],
  );
});

test('variables take the place of what the file says, also where it says nothing', () => {
  const env = {
    ...ENV,
    SCENELINE_KAFKA_BROKERS: 'a:1, b:2',
    SCENELINE_CASSANDRA_CONTACT_POINTS: 'c',
    SCENELINE_S3_ENDPOINT: 'http://s3:9000',
    SCENELINE_S3_BUCKET: 'other',
  };
  const config = parse({ ...LEAST, kafka: undefined }, env);
  assert.deepEqual([config.kafka.brokers, config.cassandra.contactPoints], [['a:1', 'b:2'], ['c']]);
  assert.deepEqual([config.s3.endpoint, config.s3.bucket, config.s3.secretAccessKey], ['http://s3:9000', 'other', SECRET]);
  assert.match(
    problemsOf(LEAST, { ...ENV, SCENELINE_S3_ENDPOINT: `http://u:${SECRET.replaceAll(' ', '-')}@s3` }).join('\n'),
    /s3\.endpoint: must not hold a user/,
  );
});

test('a secret written where its place should be named is refused and not repeated', () => {
  assert.equal(problemsOf({ ...LEAST, s3: { ...LEAST.s3, secretAccessKey: SECRET } }).length, 1);
  assert.match(problemsOf(`{"s3": {"secretAccessKey": ${SECRET}}}`).join(), /it is not JSON/);
  assert.match(problemsOf({ ...LEAST, s3: { ...LEAST.s3, secretAccessKey: { env: SECRET } } }).join(), /s3\.secretAccessKey/);
});

test('hostile text is refused, with nothing of it run, kept or repeated at length', () => {
  const prototypes = [`{"__proto__": {"scratch": "x"}}`, JSON.stringify(LEAST).replace('{', '{"__proto__": {"a": 1}, '), '{"constructor": {"prototype": {}}}'];
  const shapes = ['', 'null', '[]', '"text"', '{"kafka": "kafka", "s3": [1], "cassandra": null}', `${'['.repeat(100_000)}${']'.repeat(100_000)}`];
  const huge = [' '.repeat(300_000), JSON.stringify({ ...LEAST, kafka: { brokers: Array(20_000).fill('x') } }), `{"a": "${'x'.repeat(200_000)}"}`];
  const deep = JSON.stringify(LEAST).replace('"kafka1:9092"', `${'['.repeat(10_000)}${']'.repeat(10_000)}`);
  for (const text of [...prototypes, ...shapes, ...huge, deep]) {
    const problems = problemsOf(text, { ...ENV, SCENELINE_S3_BUCKET: 'films' });
    assert.ok(problems.length > 0, text.slice(0, 80));
    assert.ok(problems.length <= 21 && problems.join('\n').length < 10_000, `long words about ${text.slice(0, 80)}`);
  }
  assert.equal(({} as { scratch?: string }).scratch, undefined);
});

test('a text that was cut or changed anywhere is read or refused', () => {
  for (const text of mangledTexts(JSON.stringify(LEAST), 2000)) problemsOf(text);
});

test('files are looked for from the folder of the configuration', (t) => {
  const folder = testFolder(t);
  mkdirSync(join(folder, 'secrets'));
  writeFileSync(join(folder, 'secrets/s3'), `${SECRET}\r\n`);
  const path = join(folder, 'cluster.json');
  writeFileSync(path, `\ufeff${JSON.stringify({ ...LEAST, s3: { ...LEAST.s3, secretAccessKey: { file: 'secrets/s3' } } })}`);
  const config = readClusterConfig(path, ENV);
  assert.deepEqual([config.scratch, config.s3.secretAccessKey], [join(folder, 'scratch'), SECRET]);
  assert.throws(() => readClusterConfig(join(folder, 'none.json'), ENV), { code: 'SL-112', message: /none\.json cannot be read/ });
});
