import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { guardCommand, probeGuard } from '../../src/adapters/ffmpeg/process-guard.ts';
import { freePort } from './free-port.ts';
import type { KeptPlace } from './kept-place.ts';
import { mavenJars, mavenMissing } from './maven-jars.ts';
import type { ServicePlace } from './service-place.ts';

const RECIPE = join(import.meta.dirname, 'cassandra');
const START_LIMIT_MS = 180_000;
const STOP_LIMIT_MS = 60_000;
/** Where CQL clients may connect: the last word of a start. */
const READY = 'Startup complete';
/** Murmur3 tokens run from -2^63 to 2^63 - 1. */
const TOKENS = 2n ** 64n;
const KEY_STORE = 'node.p12';
/** Guards a key that lives as long as a test. */
const STORE_PASSWORD = 'sceneline';

const run = promisify(execFile);

/** Why no node can be started here, for a person; null when it can. */
export const cassandraMissing = mavenMissing;

export type CassandraOptions = {
  /** 1 or 3; more than one listen on 127.0.0.1, 127.0.0.2 and so on, which Linux has by itself. */
  readonly nodes?: 1 | 3;
  /** Of one node. */
  readonly kept?: KeptPlace;
  /** One for each node, instead of those addresses. */
  readonly places?: readonly ServicePlace[];
  /** Asks for a name and a password (at first `cassandra`, `cassandra`), and speaks TLS to those who want it. */
  readonly secured?: boolean;
};

/** A throw-away Cassandra of one or three nodes on loopback, in a folder of its own. It dies with this process. */
export class CassandraService {
  readonly nodes: readonly CassandraNode[];
  readonly localDataCenter = 'datacenter1';
  /** PEM text of the certificate of a secured service. */
  readonly certificate: string;
  readonly #folder: string;

  private constructor(folder: string, nodes: readonly CassandraNode[], certificate: string) {
    this.#folder = folder;
    this.nodes = nodes;
    this.certificate = certificate;
  }

  /** Resolves when every node serves. Throws with a node's log when it does not come up. */
  static async start(options: CassandraOptions = {}): Promise<CassandraService> {
    const jars = await mavenJars('cassandra', join(RECIPE, 'pom.xml'));
    const folder = options.kept?.folder ?? (await mkdtemp(join(tmpdir(), 'sceneline-cassandra-')));
    const certificate = options.secured ? await makeCertificate(folder) : '';
    const service = new CassandraService(folder, await nodesIn(folder, jars, options), certificate);
    try {
      for (const node of service.nodes) await node.start();
      return service;
    } catch (error) {
      if (!options.kept) await service.stop();
      throw error;
    }
  }

  /** `address:port` of every node. */
  get contactPoints(): readonly string[] {
    return this.nodes.map((node) => node.contactPoint);
  }

  /** Ends every node and removes the data. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await rm(this.#folder, { recursive: true, force: true });
  }
}

type NodePlace = ServicePlace & { readonly folder: string; readonly jars: string; readonly cqlPort: number; readonly yaml: string };

class CassandraNode {
  readonly contactPoint: string;
  readonly #place: NodePlace;
  #child: ChildProcess | null = null;

  constructor(place: NodePlace) {
    this.#place = place;
    this.contactPoint = `${place.address}:${place.cqlPort}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /**
   * Also after `kill` or `halt`: starts again on the same data and ports.
   * @param commitlogSync `periodic` acknowledges before the disk has it: only to show that it is refused.
   */
  async start(commitlogSync: 'batch' | 'periodic' = 'batch'): Promise<void> {
    const { folder, yaml } = this.#place;
    const sync = commitlogSync === 'batch' ? 'commitlog_sync: batch\n' : 'commitlog_sync: periodic\ncommitlog_sync_period: 10s\n';
    await mkdir(join(folder, 'triggers'), { recursive: true });
    await writeFile(join(folder, 'cassandra.yaml'), yaml + sync);
    this.#child = await this.#spawn();
    const child = this.#child;
    for (const endMs = Date.now() + START_LIMIT_MS; !(await this.log()).includes(READY); await sleep(50)) {
      if (isAlive(child) && Date.now() < endMs) continue;
      await this.kill();
      throw new Error(`the Cassandra node did not come up: ${tellingLines(await this.log())}`);
    }
  }

  /** SIGKILL: no goodbye to anybody. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM, as a rolling restart does; the data stays. */
  async halt(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** What the node said since its last start. */
  log(): Promise<string> {
    return readFile(join(this.#place.folder, 'node.log'), 'utf8');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || !isAlive(child)) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(late);
  }

  async #spawn(): Promise<ChildProcess> {
    const { folder, jars, enter } = this.#place;
    const log = await open(join(folder, 'node.log'), 'w');
    try {
      const java = [...enter, 'java', '-Xms64M', '-Xmx512M', '-XX:MaxDirectMemorySize=256M', `@${join(RECIPE, 'jvm.args')}`];
      const properties = [
        `-Dlogback.configurationFile=${join(RECIPE, 'logback.xml')}`,
        `-Dcassandra.config=file://${join(folder, 'cassandra.yaml')}`,
        `-Dcassandra.storagedir=${folder}`,
        `-Dcassandra.logdir=${join(folder, 'logs')}`,
      ];
      const command = [...java, '-cp', await classPath(jars), ...properties, 'org.apache.cassandra.service.CassandraDaemon'];
      const { program, args } = guardCommand(probeGuard(process.env), process.pid, [], command);
      // Standard input stays open until the node ends: the guard without setpriv watches it.
      return spawn(program, args, { cwd: folder, stdio: ['pipe', log.fd, log.fd] });
    } finally {
      await log.close();
    }
  }
}

async function nodesIn(folder: string, jars: string, options: CassandraOptions): Promise<CassandraNode[]> {
  const { kept } = options;
  const [cqlPort, storagePort, sslPort] = kept ? [kept.port, kept.port + 1, kept.port + 2] : [await freePort(), await freePort(), await freePort()];
  const count = options.nodes ?? 1;
  const base = await readFile(join(RECIPE, 'cassandra.yaml'), 'utf8');
  const places = options.places ?? Array.from({ length: count }, (_, i) => ({ address: `127.0.0.${i + 1}`, enter: [] }));
  return places.map(({ address, enter }, i) => {
    const lines = [
      'cluster_name: sceneline-test',
      `listen_address: ${address}`,
      `rpc_address: ${address}`,
      `native_transport_port: ${cqlPort}`,
      `storage_port: ${storagePort}`,
      `ssl_storage_port: ${sslPort}`,
      `initial_token: ${-(TOKENS / 2n) + (TOKENS * BigInt(i)) / BigInt(places.length)}`,
      `seed_provider: [{ class_name: org.apache.cassandra.locator.SimpleSeedProvider, parameters: [{ seeds: '${places[0].address}:${storagePort}' }] }]`,
      ...(options.secured ? securityLines(folder) : []),
    ];
    return new CassandraNode({ folder: join(folder, `node${i + 1}`), jars, address, enter, cqlPort, yaml: `${base}${lines.join('\n')}\n` });
  });
}

async function classPath(jars: string): Promise<string> {
  const names = (await readdir(jars)).filter((name) => name.endsWith('.jar')).sort();
  return names.map((name) => join(jars, name)).join(':');
}

function securityLines(folder: string): string[] {
  const store = `keystore: ${join(folder, KEY_STORE)}, keystore_password: ${STORE_PASSWORD}, store_type: PKCS12`;
  return [
    'authenticator: PasswordAuthenticator',
    'authorizer: CassandraAuthorizer',
    `client_encryption_options: { enabled: true, optional: true, require_client_auth: false, ${store} }`,
  ];
}

/** A key and its own certificate for 127.0.0.1, made by Java's keytool; gives the certificate as PEM. */
async function makeCertificate(folder: string): Promise<string> {
  const store = ['-keystore', join(folder, KEY_STORE), '-storepass', STORE_PASSWORD, '-storetype', 'PKCS12', '-alias', 'node'];
  await run('keytool', ['-genkeypair', ...store, '-keyalg', 'EC', '-dname', 'CN=sceneline-test', '-ext', 'san=ip:127.0.0.1', '-validity', '2']);
  return (await run('keytool', ['-exportcert', '-rfc', ...store])).stdout;
}

/** A node that gives up says why, and then much about its flushing. */
function tellingLines(log: string): string {
  const lines = log.split('\n').filter((line) => !/ (ColumnFamilyStore|Flushing|BigFormat) - /.test(line));
  return lines.slice(-40).join('\n');
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
