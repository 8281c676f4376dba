/**
 * Starts Kafka, Cassandra and an S3 server on this machine alone, for trying a cluster: `npm run services -- [FOLDER]`. Data stays in the folder (default:
 * `services` here), beside a ready `cluster.json`. Stays until Ctrl-C; the next start goes on with the same data.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CassandraService, cassandraMissing } from '../test/services/cassandra.ts';
import { KafkaService } from '../test/services/kafka.ts';
import { S3Service, s3Missing } from '../test/services/s3.ts';

/** The first port of each; Kafka and Cassandra take the two after it as well. */
const PORTS = { kafka: 19_092, cassandra: 19_042, s3: 19_000 } as const;
const SECRET = 's3-secret';

const missing = [cassandraMissing(), s3Missing()].filter((reason) => reason !== null);
if (missing.length > 0) {
  process.stderr.write(`${missing.join('\n')}\n`);
  process.exitCode = 2;
} else {
  await serve(resolve(process.argv[2] ?? 'services'));
}

async function serve(folder: string): Promise<void> {
  const stopped = new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  const secretAccessKey = await keptSecret(folder);
  process.stdout.write('Starting Kafka, Cassandra and S3 (the first time brings them, which takes some minutes) …\n');
  const started = await Promise.allSettled([
    KafkaService.start({ kept: { folder: await place(folder, 'kafka'), port: PORTS.kafka } }),
    CassandraService.start({ kept: { folder: await place(folder, 'cassandra'), port: PORTS.cassandra } }),
    S3Service.start({ kept: { folder: await place(folder, 's3'), port: PORTS.s3, secretAccessKey } }),
  ]);
  const [kafka, cassandra, s3] = started;
  if (kafka.status === 'fulfilled' && cassandra.status === 'fulfilled' && s3.status === 'fulfilled') {
    const config = await writeConfig(folder, { kafka: kafka.value, cassandra: cassandra.value, s3: s3.value });
    process.stdout.write(`Ready. The configuration is ${config}\nCtrl-C stops the servers and keeps their data; to be rid of it, delete ${folder}\n`);
    await stopped;
  }
  const halts = [
    kafka.status === 'fulfilled' ? kafka.value.halt() : null,
    ...(cassandra.status === 'fulfilled' ? cassandra.value.nodes.map((node) => node.halt()) : []),
    s3.status === 'fulfilled' ? s3.value.kill() : null,
  ];
  await Promise.all(halts);
  for (const start of started) if (start.status === 'rejected') throw start.reason;
}

async function place(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  return path;
}

/** The same at every start: roles that run meanwhile keep theirs. */
async function keptSecret(folder: string): Promise<string> {
  const path = join(folder, SECRET);
  await mkdir(folder, { recursive: true });
  if (!existsSync(path)) await writeFile(path, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFile(path, 'utf8');
}

async function writeConfig(folder: string, { kafka, cassandra, s3 }: { kafka: KafkaService; cassandra: CassandraService; s3: S3Service }): Promise<string> {
  const { endpoint, bucket, credentials } = s3.settings;
  const path = join(folder, 'cluster.json');
  await writeFile(join(folder, 's3-key'), credentials!.accessKeyId);
  const config = {
    kafka: { brokers: [kafka.address], replicationFactor: 1 },
    cassandra: { contactPoints: cassandra.contactPoints, localDataCenter: cassandra.localDataCenter, replicationFactor: 1 },
    s3: { endpoint, bucket, pathStyle: true, accessKeyId: { file: 's3-key' }, secretAccessKey: { file: SECRET } },
    scratch: 'scratch',
  };
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`);
  return path;
}
