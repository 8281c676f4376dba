import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseBroker } from '../../adapters/cluster/kafka/access.ts';
import { ScenelineError } from '../../model/errors.ts';
import { readSmallFile } from '../read-small-file.ts';

const LONGEST_TEXT = 256 * 1024;
const LONGEST_SECRET = 64 * 1024;
/** Bytes; the certificates of all that a system trusts have a quarter of it. */
const LONGEST_NAMED_FILE = 1024 * 1024;
const MOST_PROBLEMS_SHOWN = 20;

/** A secret is never in the file itself: it is named, as a file or as a variable of the environment. */
const secret = z.union([z.strictObject({ file: z.string().min(1) }), z.strictObject({ env: z.string().regex(/^[A-Z_][A-Z0-9_]*$/) })], {
  error: 'must be {"file": PATH} or {"env": VARIABLE}; a secret is never in the configuration itself',
});
/** Pairs are looked at also where something else is wrong: all problems at once. */
const isObject = ({ value }: { value: unknown }) => typeof value === 'object' && value !== null;
const tls = z
  .strictObject({
    ca: z.string().min(1).optional().describe('File with the certificates to trust, PEM; those of the system when missing.'),
    cert: z.string().min(1).optional().describe('File with the client certificate, PEM.'),
    key: z.string().min(1).optional().describe('File with its key, PEM.'),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), { error: 'cert and key go together', when: isObject });
const name = (what: string) => z.string().regex(/^[a-z][a-z0-9_-]{0,47}$/, `must be a ${what} of a to z, 0 to 9, _ and -`);

const configSchema = z.strictObject({
  kafka: z.strictObject({
    brokers: z.array(z.string().refine(isBroker, 'must be host:port')).min(1).max(100).describe('host:port of some brokers.'),
    prefix: name('prefix').default('sceneline').describe('Topics and groups are named after it.'),
    replicationFactor: z
      .int()
      .min(1)
      .max(9)
      .default(3)
      .describe('Of the topics that are created; with 3 or more, events are acknowledged by 2 brokers at least.'),
    tls: tls.optional(),
    sasl: z.strictObject({ mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']), username: z.string().min(1), password: secret }).optional(),
  }),
  cassandra: z
    .strictObject({
      contactPoints: z
        .array(z.string().regex(/^[^\s/@,]{1,255}$/, 'must be host or host:port'))
        .min(1)
        .max(100)
        .describe('Addresses of some nodes; host:port where the port is not 9042.'),
      localDataCenter: z.string().min(1),
      keyspace: z
        .string()
        .regex(/^[a-z][a-z0-9_]{0,47}$/, 'must be a name of a to z, 0 to 9 and _')
        .default('sceneline'),
      replicationFactor: z.int().min(1).max(9).default(3).describe('Of the keyspace, if it is created.'),
      tls: tls.optional(),
      username: z.string().min(1).optional(),
      password: secret.optional(),
    })
    .refine(({ username, password }) => (username === undefined) === (password === undefined), { error: 'username and password go together', when: isObject }),
  s3: z.strictObject({
    endpoint: z
      .url({ protocol: /^https?$/, error: 'must be http://host:port or https://host:port' })
      .refine((text) => !/^[^/]*\/\/[^/]*@/.test(text), 'must not hold a user or a password')
      .optional()
      .describe('Of a server that is not Amazon’s.'),
    region: z.string().min(1).default('us-east-1'),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{2,62}$/, 'must be the name of a bucket'),
    prefix: z
      .string()
      .regex(/^([a-z0-9-]{1,60}\/)*$/, 'must be empty or end with /')
      .default(''),
    pathStyle: z.boolean().default(false).describe('Bucket in the path instead of the host name; most servers that are not Amazon’s want it.'),
    accessKeyId: secret,
    secretAccessKey: secret,
    ca: z.string().min(1).optional().describe('File with the certificates to trust, PEM.'),
  }),
  scratch: z.string().min(1).describe('Folder for the attempts’ own files: local, fast, room for a rendition or two.'),
  lockSeconds: z.int().min(15).max(60).default(30).describe('How long the job of a vanished worker waits at most.'),
});

type ConfigFile = z.infer<typeof configSchema>;
type Tls = { readonly ca?: string; readonly cert?: string; readonly key?: string };

/** The configuration with its secrets and certificates read. Never to be printed. */
export type ClusterConfig = {
  readonly kafka: Omit<ConfigFile['kafka'], 'tls' | 'sasl'> & {
    readonly tls?: Tls;
    readonly sasl?: { readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; readonly username: string; readonly password: string };
  };
  readonly cassandra: Omit<ConfigFile['cassandra'], 'tls' | 'username' | 'password'> & {
    readonly tls?: Tls;
    readonly auth?: { readonly username: string; readonly password: string };
  };
  readonly s3: Omit<ConfigFile['s3'], 'accessKeyId' | 'secretAccessKey' | 'ca'> & {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly ca?: string;
  };
  readonly scratch: string;
  readonly lockSeconds: number;
};

/** Variables that take the place of what the file says. */
const OVERRIDES: { readonly [variable: string]: readonly [section: string, field: string, isList: boolean] } = {
  SCENELINE_KAFKA_BROKERS: ['kafka', 'brokers', true],
  SCENELINE_CASSANDRA_CONTACT_POINTS: ['cassandra', 'contactPoints', true],
  SCENELINE_S3_ENDPOINT: ['s3', 'endpoint', false],
  SCENELINE_S3_BUCKET: ['s3', 'bucket', false],
};

/**
 * Reads the configuration file at `path`, with the variables of `env` before it. Files and folders that it names are looked for from the folder it is in.
 * Throws SL-112 with every problem and its place.
 */
export function readClusterConfig(path: string, env: NodeJS.ProcessEnv): ClusterConfig {
  const folder = dirname(resolve(path));
  let text: string;
  try {
    text = readSmallFile(path, LONGEST_TEXT);
  } catch (cause) {
    throw new ScenelineError('SL-112', `The configuration ${path} cannot be read: ${(cause as Error).message}.`, { cause });
  }
  const config = parseClusterConfig(text, env, (file) => readSmallFile(resolve(folder, file), LONGEST_NAMED_FILE));
  return { ...config, scratch: resolve(folder, config.scratch) };
}

/** Throws SL-112 with every problem and its place, and never with a value: what stands in the wrong place may be a secret. @param readSecret content of a file that the configuration names */
export function parseClusterConfig(text: string, env: NodeJS.ProcessEnv, readSecret: (file: string) => string): ClusterConfig {
  const parsed = configSchema.safeParse(withOverrides(parseJson(text), env));
  if (!parsed.success) throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`));
  const problems: string[] = [];
  const config = resolveSecrets(parsed.data, new SecretReader(env, readSecret, problems));
  if (problems.length > 0) throw invalid(problems);
  return config;
}

/** The published JSON Schema of a configuration file. */
export function configJsonSchema(): object {
  return {
    ...z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12' }),
    title: 'Sceneline cluster configuration',
    description: 'Where Kafka, Cassandra and S3 are, and who we are to them.',
  };
}

function isBroker(text: string): boolean {
  try {
    parseBroker(text);
    return true;
  } catch {
    return false;
  }
}

function parseJson(text: string): unknown {
  if (text.length > LONGEST_TEXT) throw invalid([`it has ${text.length} characters, at most ${LONGEST_TEXT} are read`]);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    // The engine's own words quote the text, which may hold a secret.
    const [place] = /line \d+ column \d+/.exec((error as Error).message) ?? [];
    throw invalid([`it is not JSON${place ? ` (${place})` : ''}`]);
  }
}

function withOverrides(value: unknown, env: NodeJS.ProcessEnv): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const config: { [section: string]: unknown } = { ...value };
  for (const [variable, [section, field, isList]] of Object.entries(OVERRIDES)) {
    const said = env[variable];
    const before = config[section] ?? {};
    if (said && typeof before === 'object' && !Array.isArray(before)) {
      config[section] = { ...before, [field]: isList ? said.split(',').map((part) => part.trim()) : said };
    }
  }
  return config;
}

/** Reads what the configuration names, and collects what cannot be read instead of stopping at the first. */
class SecretReader {
  readonly #env: NodeJS.ProcessEnv;
  readonly #read: (file: string) => string;
  readonly #problems: string[];

  constructor(env: NodeJS.ProcessEnv, read: (file: string) => string, problems: string[]) {
    this.#env = env;
    this.#read = read;
    this.#problems = problems;
  }

  file(place: string, path: string): string {
    try {
      return this.#read(path);
    } catch (error) {
      this.#problems.push(`${place}: cannot be read: ${(error as Error).message}`);
      return '';
    }
  }

  secret(place: string, named: z.infer<typeof secret>): string {
    const known = this.#problems.length;
    const value = 'file' in named ? this.file(place, named.file).replace(/\r?\n$/, '') : (this.#env[named.env] ?? '');
    if (this.#problems.length > known) return '';
    if (value === '') this.#problems.push(`${place}: ${'file' in named ? `${named.file} is empty` : `the variable ${named.env} is not set`}`);
    if (value.length > LONGEST_SECRET) this.#problems.push(`${place}: longer than ${LONGEST_SECRET} characters`);
    return value;
  }

  tls(place: string, named: z.infer<typeof tls> | undefined): Tls | undefined {
    if (named === undefined) return undefined;
    return Object.fromEntries(Object.entries(named).map(([field, path]) => [field, this.file(`${place}.tls.${field}`, path as string)]));
  }
}

function resolveSecrets({ kafka, cassandra, s3, scratch, lockSeconds }: ConfigFile, reader: SecretReader): ClusterConfig {
  const { tls: kafkaTls, sasl, ...kafkaRest } = kafka;
  const { tls: cassandraTls, username, password, ...cassandraRest } = cassandra;
  const { accessKeyId, secretAccessKey, ca, ...s3Rest } = s3;
  return {
    kafka: {
      ...kafkaRest,
      ...(kafkaTls && { tls: reader.tls('kafka', kafkaTls) }),
      ...(sasl && { sasl: { ...sasl, password: reader.secret('kafka.sasl.password', sasl.password) } }),
    },
    cassandra: {
      ...cassandraRest,
      ...(cassandraTls && { tls: reader.tls('cassandra', cassandraTls) }),
      ...(username && password && { auth: { username, password: reader.secret('cassandra.password', password) } }),
    },
    s3: {
      ...s3Rest,
      accessKeyId: reader.secret('s3.accessKeyId', accessKeyId),
      secretAccessKey: reader.secret('s3.secretAccessKey', secretAccessKey),
      ...(ca && { ca: reader.file('s3.ca', ca) }),
    },
    scratch,
    lockSeconds,
  };
}

function invalid(problems: readonly string[]): ScenelineError {
  const shown = problems.slice(0, MOST_PROBLEMS_SHOWN);
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  return new ScenelineError('SL-112', 'The cluster configuration is not valid.', { details: shown.map((problem) => `  ${problem}`) });
}
