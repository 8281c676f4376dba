import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardCommand, probeGuard } from '../../src/adapters/ffmpeg/process-guard.ts';
import type { Ladder } from '../../src/model/ladder.ts';
import { type CassandraOptions, CassandraService, cassandraMissing } from '../services/cassandra.ts';
import { type KafkaOptions, KafkaService } from '../services/kafka.ts';
import { S3Service, s3Missing } from '../services/s3.ts';
import type { ServicePlace } from '../services/service-place.ts';
import { type CliEnd, type CliRun, startCli } from '../support/cli.ts';

/** Why no cluster can be started here; null when it can. */
export function clusterMissing(): string | null {
  return cassandraMissing() ?? s3Missing();
}

const SECRET_FILE = 's3-secret';

type Ways = { readonly brokers: readonly string[]; readonly contactPoints: readonly string[]; readonly endpoint: string };

/** How the servers are to be, where not as they are by themselves. */
export type Servers = { readonly kafka?: KafkaOptions; readonly cassandra?: CassandraOptions; readonly s3?: ServicePlace };

/** The three servers on loopback, and processes of ours on them, each with its own configuration file. */
export class ClusterPlace {
  readonly root: string;
  readonly kafka: KafkaService;
  readonly cassandra: CassandraService;
  readonly s3: S3Service;
  readonly #started: CliRun[] = [];

  private constructor(root: string, servers: { kafka: KafkaService; cassandra: CassandraService; s3: S3Service }) {
    this.root = root;
    this.kafka = servers.kafka;
    this.cassandra = servers.cassandra;
    this.s3 = servers.s3;
  }

  static async start(servers: Servers = {}): Promise<ClusterPlace> {
    const root = await mkdtemp(join(tmpdir(), 'sceneline-cluster-'));
    await mkdir(join(root, 'home'));
    const [kafka, cassandra, s3] = await Promise.all([
      KafkaService.start(servers.kafka),
      CassandraService.start(servers.cassandra),
      S3Service.start({ place: servers.s3 }),
    ]);
    const place = new ClusterPlace(root, { kafka, cassandra, s3 });
    await writeFile(join(root, SECRET_FILE), s3.settings.credentials?.secretAccessKey ?? '');
    await place.configure('cluster', {});
    return place;
  }

  /** Writes a configuration under a name; `ways` lead to the servers past something. */
  async configure(name: string, ways: Partial<Ways>): Promise<string> {
    const { settings } = this.s3;
    const path = this.configPath(name);
    const config = {
      kafka: { brokers: ways.brokers ?? [this.kafka.address], replicationFactor: 1 },
      cassandra: {
        contactPoints: ways.contactPoints ?? this.cassandra.contactPoints,
        localDataCenter: this.cassandra.localDataCenter,
        replicationFactor: this.cassandra.nodes.length,
      },
      s3: {
        endpoint: ways.endpoint ?? settings.endpoint,
        bucket: settings.bucket,
        pathStyle: true,
        accessKeyId: { env: 'TEST_S3_KEY' },
        secretAccessKey: { file: join(this.root, SECRET_FILE) },
      },
      scratch: join(this.root, `scratch-${name}`),
      lockSeconds: 15,
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  configPath(name: string): string {
    return join(this.root, `${name}.json`);
  }

  configText(name: string): Promise<string> {
    return readFile(this.configPath(name), 'utf8');
  }

  /** Starts a process of ours, which is ended with the place and with this process. `enter`: words before its command. */
  start(args: readonly string[], config = 'cluster', env: NodeJS.ProcessEnv = {}, enter: readonly string[] = []): CliRun {
    const [command, ...rest] = args;
    const run = startCli([command, '--config', this.configPath(config), ...rest], { ...this.#env(), ...env }, [...dieWithUs(), ...enter]);
    this.#started.push(run);
    return run;
  }

  run(args: readonly string[]): Promise<CliEnd> {
    return this.start(args).end;
  }

  /** Makes the same film on this machine alone. */
  encode(source: string, ladderPath: string, outDir: string): Promise<CliEnd> {
    return startCli(['encode', source, '--out', outDir, '--ladder', ladderPath, '--state', join(this.root, 'embedded-state'), '--json'], this.#env()).end;
  }

  async ladder(ladder: Ladder, name = 'ladder'): Promise<string> {
    const path = join(this.root, `${name}.json`);
    await writeFile(path, JSON.stringify(ladder));
    return path;
  }

  async stop(): Promise<void> {
    for (const { child } of this.#started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await Promise.all(this.#started.map((run) => run.end));
    await Promise.all([this.kafka.stop(), this.cassandra.stop(), this.s3.stop()]);
    await rm(this.root, { recursive: true, force: true });
  }

  #env(): NodeJS.ProcessEnv {
    return { HOME: join(this.root, 'home'), TEST_S3_KEY: this.s3.settings.credentials?.accessKeyId };
  }
}

/** Words before a command that end it with this process, where the system can. */
function dieWithUs(): readonly string[] {
  const guard = probeGuard(process.env);
  if (guard.kind !== 'setpriv') return [];
  const { program, args } = guardCommand(guard, process.pid, [], []);
  return [program, ...args];
}
