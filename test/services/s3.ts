import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { connectS3 } from '../../src/adapters/cluster/s3/connect.ts';
import type { S3Settings } from '../../src/adapters/cluster/s3/settings.ts';
import { findProgram } from '../../src/adapters/ffmpeg/find-tools.ts';
import { guardCommand, probeGuard } from '../../src/adapters/ffmpeg/process-guard.ts';
import { freePort } from './free-port.ts';
import type { KeptPlace } from './kept-place.ts';
import { LOOPBACK, type ServicePlace } from './service-place.ts';

const VERSION = 'v1.8.0';
const MODULE = 'github.com/versity/versitygw/cmd/versitygw';
const BUCKET = 'sceneline-test';
const START_LIMIT_MS = 30_000;

const cachedProgram = () => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sceneline', 'test-services', `versitygw-${VERSION}`, 'versitygw');

type S3Kept = KeptPlace & { readonly secretAccessKey: string };

/** Why no S3 server can be started here, for a person; null when it can. */
export function s3Missing(): string | null {
  if (existsSync(cachedProgram()) || findProgram('go', process.env)) return null;
  return 'go not found in PATH: it builds the S3 server (versitygw) once (Debian: apt-get install golang, version 1.24 or newer)';
}

/** A throw-away S3 server (versitygw, objects as files) on loopback, in a folder of its own, with one bucket. It dies with this process. */
export class S3Service {
  /** How to reach its bucket. */
  readonly settings: S3Settings;
  readonly port: number;
  readonly #folder: string;
  readonly #program: string;
  readonly #place: ServicePlace;
  #child: ChildProcess | null = null;

  private constructor(folder: string, program: string, place: ServicePlace, { port, secretAccessKey }: Pick<S3Kept, 'port' | 'secretAccessKey'>) {
    this.#folder = folder;
    this.#program = program;
    this.#place = place;
    this.port = port;
    this.settings = {
      endpoint: `http://${place.address}:${port}`,
      region: 'us-east-1',
      bucket: BUCKET,
      prefix: '',
      pathStyle: true,
      credentials: { accessKeyId: 'testkey', secretAccessKey },
      tls: null,
    };
  }

  /** Resolves when the server answers and has its bucket. The first call on a machine builds the server: some minutes. */
  static async start({ kept, place = LOOPBACK }: { readonly kept?: S3Kept; readonly place?: ServicePlace } = {}): Promise<S3Service> {
    const program = await builtServer();
    const folder = kept?.folder ?? (await mkdtemp(join(tmpdir(), 'sceneline-s3-')));
    try {
      await mkdir(join(folder, 'root'), { recursive: true });
      const service = new S3Service(folder, program, place, kept ?? { port: await freePort(), secretAccessKey: randomBytes(12).toString('hex') });
      await service.restart();
      if (!existsSync(join(folder, 'root', BUCKET))) await service.#createBucket();
      return service;
    } catch (error) {
      if (!kept) await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts again on the same data and port, after `kill`. */
  async restart(): Promise<void> {
    const child = await this.#spawn();
    this.#child = child;
    for (const endMs = Date.now() + START_LIMIT_MS; !(await this.#isHealthy()); await sleep(20)) {
      if (child.exitCode === null && child.signalCode === null && Date.now() < endMs) continue;
      await this.kill();
      throw new Error(`the S3 server did not come up: ${(await readFile(join(this.#folder, 'server.log'), 'utf8')).slice(-4000)}`);
    }
  }

  /** SIGKILL: no goodbye to anybody. The data stays. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The keys go through the environment: a command line is everybody's to read. */
  async #spawn(): Promise<ChildProcess> {
    const log = await open(join(this.#folder, 'server.log'), 'a');
    try {
      const { accessKeyId, secretAccessKey } = this.settings.credentials!;
      const env = { PATH: process.env.PATH, ROOT_ACCESS_KEY_ID: accessKeyId, ROOT_SECRET_ACCESS_KEY: secretAccessKey };
      const command = [
        ...this.#place.enter,
        this.#program,
        '--port',
        `${this.#place.address}:${this.port}`,
        '--health',
        '/health',
        '--quiet',
        'posix',
        join(this.#folder, 'root'),
      ];
      const { program, args } = guardCommand(probeGuard(process.env), process.pid, [], command);
      // Standard input stays open until the server ends: the guard without setpriv watches it.
      return spawn(program, args, { cwd: this.#folder, env, stdio: ['pipe', log.fd, log.fd] });
    } finally {
      await log.close();
    }
  }

  async #isHealthy(): Promise<boolean> {
    try {
      return (await fetch(`${this.settings.endpoint}/health`, { headers: { connection: 'close' } })).ok;
    } catch {
      return false;
    }
  }

  async #createBucket(): Promise<void> {
    const client = connectS3(this.settings);
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    client.destroy();
  }
}

/** The server's program, built on first use. Two processes may ask at once. */
async function builtServer(): Promise<string> {
  const program = cachedProgram();
  if (existsSync(program)) return program;
  const folder = join(program, '..');
  await mkdir(folder, { recursive: true });
  const attempt = await mkdtemp(`${folder}/new-`);
  try {
    await goInstall(attempt);
    await rename(join(attempt, 'versitygw'), program);
    return program;
  } finally {
    await rm(attempt, { recursive: true, force: true });
  }
}

async function goInstall(folder: string): Promise<void> {
  const child = spawn('go', ['install', `${MODULE}@${VERSION}`], { env: { ...process.env, GOBIN: folder }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const status = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (status !== 0) throw new Error(`go install ended with status ${status}: ${said.trim()}`);
}
