import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardCommand, probeGuard } from '../../src/adapters/ffmpeg/process-guard.ts';
import { freePort } from './free-port.ts';
import type { KeptPlace } from './kept-place.ts';
import { mavenJars, mavenMissing } from './maven-jars.ts';
import { LOOPBACK, type ServicePlace } from './service-place.ts';

const RECIPE = join(import.meta.dirname, 'kafka');
const START_LIMIT_MS = 300_000;
const JVM_ARGS = ['-Xms128m', '-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-XX:-UsePerfData'];

/** Why no broker can be started here, for a person; null when it can. */
export const kafkaMissing = mavenMissing;

export type KafkaOptions = {
  /** A second listener beside the open one, announced under its own port or that of a proxy in front of it. */
  readonly second?: { readonly protocol: 'PLAINTEXT' | 'SSL' | 'SASL_SSL'; readonly announcedPort?: number };
  readonly kept?: KeptPlace;
  readonly place?: ServicePlace;
  /** More lines for server.properties. */
  readonly properties?: { readonly [name: string]: string };
};

/** A throw-away Kafka broker of one node on loopback, in a folder of its own. It dies with this process. */
export class KafkaService {
  /** `host:port`, without encryption and authentication. */
  readonly address: string;
  /** `host:port` of the second listener. */
  readonly secondAddress: string;
  readonly #folder: string;
  readonly #jars: string;
  readonly #enter: readonly string[];
  #child: ChildProcess | null = null;

  private constructor(folder: string, jars: string, { address, enter }: ServicePlace, ports: readonly number[]) {
    this.#folder = folder;
    this.#jars = jars;
    this.#enter = enter;
    this.address = `${address}:${ports[0]}`;
    this.secondAddress = `${address}:${ports[1]}`;
  }

  /** Resolves when the broker serves. Throws with its log when it does not come up. */
  static async start(options: KafkaOptions = {}): Promise<KafkaService> {
    const jars = await mavenJars('kafka', join(RECIPE, 'pom.xml'));
    const { kept } = options;
    const folder = kept?.folder ?? (await mkdtemp(join(tmpdir(), 'sceneline-kafka-')));
    try {
      const ports = kept ? [kept.port, kept.port + 1, kept.port + 2] : [await freePort(), await freePort(), await freePort()];
      await mkdir(join(folder, 'data'), { recursive: true });
      await writeFile(join(folder, 'server.properties'), await propertiesOf(folder, ports, options));
      const service = new KafkaService(folder, jars, options.place ?? LOOPBACK, ports);
      if (!existsSync(join(folder, 'data', 'meta.properties'))) await service.#format();
      await service.restart();
      return service;
    } catch (error) {
      if (!kept) await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts again on the same data and ports, after `kill` or `halt`. */
  async restart(): Promise<void> {
    this.#child = await this.#spawn(['kafka.Kafka', join(this.#folder, 'server.properties')], JVM_ARGS);
    const child = this.#child;
    for (const endMs = Date.now() + START_LIMIT_MS; !(await accepts(this.address)); await sleep(100)) {
      if (child.exitCode === null && child.signalCode === null && Date.now() < endMs) continue;
      await this.kill();
      throw new Error(`the broker did not come up: ${(await this.#log()).slice(-4000)}`);
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

  /** Ends the broker and removes its data. */
  async stop(): Promise<void> {
    await this.#end('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async #format(): Promise<void> {
    const clusterId = `t${randomBytes(16).toString('base64url').slice(1)}`;
    const child = await this.#spawn(['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', join(this.#folder, 'server.properties')], JVM_ARGS);
    const status = await new Promise((resolve) => child.once('exit', resolve));
    if (status !== 0) throw new Error(`formatting the data folder failed: ${(await this.#log()).slice(-4000)}`);
  }

  async #spawn(args: readonly string[], jvmArgs: readonly string[]): Promise<ChildProcess> {
    const log = await open(join(this.#folder, 'broker.log'), 'a');
    try {
      const { program, args: all } = guardCommand(
        probeGuard(process.env),
        process.pid,
        [],
        [...this.#enter, 'java', ...jvmArgs, `-Djava.io.tmpdir=${this.#folder}`, '-cp', join(this.#jars, '*'), ...args],
      );
      // Standard input stays open until the broker ends: the guard without setpriv watches it.
      return spawn(program, all, { cwd: this.#folder, stdio: ['pipe', log.fd, log.fd] });
    } finally {
      await log.close();
    }
  }

  #log(): Promise<string> {
    return readFile(join(this.#folder, 'broker.log'), 'utf8');
  }
}

async function propertiesOf(folder: string, [port, secondPort, controllerPort]: readonly number[], options: KafkaOptions): Promise<string> {
  const { address } = options.place ?? LOOPBACK;
  const second = (port: number) => (options.second ? [`SECOND://${address}:${port}`] : []);
  const open = `PLAINTEXT://${address}:${port}`;
  const lines = {
    'controller.quorum.voters': `1@${address}:${controllerPort}`,
    listeners: [open, `CONTROLLER://${address}:${controllerPort}`, ...second(secondPort)].join(','),
    'advertised.listeners': [open, ...second(options.second?.announcedPort ?? secondPort)].join(','),
    'listener.security.protocol.map': ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', ...(options.second ? [`SECOND:${options.second.protocol}`] : [])].join(
      ',',
    ),
    'log.dirs': join(folder, 'data'),
    ...options.properties,
  };
  const added = Object.entries(lines).map(([name, value]) => `${name}=${value}\n`);
  return (await readFile(join(RECIPE, 'server.properties'), 'utf8')) + added.join('');
}

/** The broker opens its port only when it serves. */
function accepts(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    const answer = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}
