import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { parseClusterConfig } from '../../src/roles/cluster/config.ts';
import { parseListen } from '../../src/roles/cluster/metrics/serve-metrics.ts';
import { runCli } from '../support/cli.ts';
import { secondsOf } from '../support/promql.ts';
import { parseYaml, type Yaml } from '../support/yaml.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const words = z.array(z.string().min(1)).min(1);
const seconds = z.string().regex(/^\d+s$/);
/** The parts of the Compose Specification that are used, with its names and forms. */
const service = z
  .strictObject({
    image: z.string().optional(),
    build: z.string().optional(),
    restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']),
    entrypoint: words.optional(),
    command: words.optional(),
    environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).optional(),
    volumes: z.array(z.string().regex(/^(\.\/)?[\w./-]+:\/[\w./-]+(:ro)?$/)).optional(),
    healthcheck: z.strictObject({ test: words, interval: seconds, timeout: seconds, retries: z.int() }).optional(),
    stop_grace_period: seconds.optional(),
    deploy: z.strictObject({ replicas: z.int().min(1) }).optional(),
    depends_on: z
      .record(z.string(), z.strictObject({ condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']) }))
      .optional(),
  })
  .refine(({ image, build }) => (image === undefined) !== (build === undefined), 'an image or a build');
const composeSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
});

const compose = composeSchema.parse(parseYaml(read('deploy/compose.yaml')));
const roles = Object.entries(compose.services).filter(([, { build }]) => build !== undefined);

test('compose: versions are pinned, and what a service names is there', () => {
  for (const [name, { image, build, depends_on = {}, volumes = [] }] of Object.entries(compose.services)) {
    if (image) assert.match(image, /^[\w./-]+:v?\d+\.\d+\.\d+$/, name);
    if (build) assert.ok(existsSync(join(ROOT, 'deploy', build, 'Dockerfile')));
    for (const [other, { condition }] of Object.entries(depends_on)) {
      assert.ok(compose.services[other], `${name} waits for ${other}`);
      if (condition === 'service_healthy') assert.ok(compose.services[other].healthcheck, `${other} has no healthcheck`);
    }
    for (const [from] of volumes.map((volume) => volume.split(':'))) {
      assert.ok(from.startsWith('.') ? existsSync(join(ROOT, 'deploy', from)) : from in compose.volumes, `${name} mounts ${from}`);
    }
  }
});

test('compose: nothing is open to other machines, and no secret is written down', () => {
  assert.doesNotMatch(read('deploy/compose.yaml'), /^\s*(ports|privileged|network_mode):/m);
  for (const { environment = {} } of Object.values(compose.services)) {
    for (const [name, value] of Object.entries(environment)) if (/SECRET|KEY|PASSWORD/.test(name)) assert.match(value, /^\$\{[A-Z0-9_]+:\?\}$/, name);
  }
});

test('compose: the configuration is valid and names the servers as they are', () => {
  const environment = roles[0][1].environment ?? {};
  const config = parseClusterConfig(read('deploy/cluster.json'), Object.fromEntries(Object.keys(environment).map((name) => [name, 'x'])), () => 'x');
  const [kafka, cassandra, s3] = [config.kafka.brokers[0], config.cassandra.contactPoints[0], config.s3.endpoint?.replace('http://', '') ?? ''];
  for (const address of [kafka, cassandra, s3]) assert.ok(address.split(':')[0] in compose.services, address);
  assert.equal(compose.services.kafka.environment?.KAFKA_ADVERTISED_LISTENERS, `PLAINTEXT://${kafka}`);
  assert.ok(compose.services.s3.command?.includes(`:${s3.split(':')[1]}`));
  assert.ok(compose.services.bucket.command?.includes(config.s3.bucket));
});

test('compose: the roles take the options they are given, and have the time they drain', async () => {
  for (const [, { command = [], stop_grace_period = '10s' }] of roles) {
    const help = (await runCli([command[0], '--help'])).stdout;
    for (const option of command.filter((word) => word.startsWith('--'))) assert.ok(help.includes(option), `${command[0]} takes no ${option}`);
    parseListen(command[command.indexOf('--metrics') + 1]);
    const drain = command.indexOf('--drain');
    if (drain >= 0) assert.ok(secondsOf(stop_grace_period) > Number(command[drain + 1]));
  }
});

test('the image is made of what is there, at pinned versions, and runs as nobody special', () => {
  const lines = read('Dockerfile').split('\n');
  const arguments_ = (word: string) => lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  for (const from of arguments_('FROM')) assert.match(from, /^[a-z]+:\d+\.\d+(\.\d+)?-slim( AS \w+)?$/);
  const kept = read('.dockerignore').split('\n');
  for (const copied of arguments_('COPY').filter((line) => !line.startsWith('--from'))) {
    for (const path of copied.split(' ').slice(0, -1)) {
      assert.ok(existsSync(join(ROOT, path)), path);
      assert.ok(kept.includes(`!${path}`), `${path} is left out by .dockerignore`);
    }
  }
  assert.deepEqual(arguments_('USER'), ['sceneline']);
  assert.ok(lines.findIndex((line) => line.startsWith('USER')) < lines.findIndex((line) => line.startsWith('ENTRYPOINT')));
});

test('what is no YAML of our kind is refused', () => {
  const wrong = ['a: 1\na: 2', 'a:\n  b: 1\n c: 2', '- a\nb: 1', 'a: &x 1', 'a: {b: 1}', 'a: b: c', 'a: |\n  text', 'just words', '\ta: 1'];
  for (const text of wrong) assert.throws(() => parseYaml(text), Error, text);
  const read: Yaml = parseYaml("a: [x, '1']\nb:\n  - c: 1\n    d: true\n  - e\nf:\n# none\ng: >-\n  two\n  lines\n");
  assert.deepEqual(read, { a: ['x', '1'], b: [{ c: 1, d: true }, 'e'], f: null, g: 'two lines' });
});
