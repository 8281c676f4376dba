import { AuthenticationError, apiVersionsV3, Connection, type ConnectionOptions, findCoordinatorV6, metadataV12, UserError } from '@platformatic/kafka';
import { describeCode, verdictOn } from './codes.ts';
import { type LinkName, PARTITION } from './messages.ts';
import { ShareError } from './share-error.ts';
import { NEEDED_APIS } from './wire.ts';

export type BrokerAddress = { readonly host: string; readonly port: number };

/** How to reach a cluster: any of its brokers, and what they ask of a client. */
export type ClusterAccess = {
  readonly brokers: readonly BrokerAddress[];
  readonly clientId: string;
  readonly options: Pick<ConnectionOptions, 'tls' | 'sasl' | 'tlsServerName'>;
};

export type Purpose = { readonly link: LinkName; readonly group: string; readonly topic: string };

const CONNECT_WITHIN_MS = 5000;
/** Of everything that is asked before a connection is used. */
const LOCATE_WITHIN_MS = 10_000;
/** Longer than the machine gives any request: it decides when a connection is dead. */
const REQUEST_WITHIN_MS = 60_000;
const GROUP_KEY = 0;
const UNKNOWN_TOPIC = 3;

/**
 * A connection to the broker that serves a purpose: the coordinator of the group, or the leader of the topic's partition.
 * Throws a `refused` ShareError when repeating does not help, `trouble` when no broker could be reached.
 */
export async function connectFor({ link, group, topic }: Purpose, access: ClusterAccess): Promise<Connection> {
  const first = await connectToAny(access);
  // A network that swallows everything would keep us here for ever.
  const timer = setTimeout(() => void disconnect(first), LOCATE_WITHIN_MS);
  try {
    await checkVersions(first);
    const at = link === 'control' ? await coordinatorOf(first, group) : await leaderOf(first, topic);
    if (first.host === at.host && first.port === at.port) return first;
    const second = await connect(at, access);
    await disconnect(first);
    return second;
  } catch (error) {
    await disconnect(first);
    throw asShareError(error, 'The broker said:');
  } finally {
    clearTimeout(timer);
  }
}

/** Ends a connection at once, also one that is stuck; open requests fail. Never throws. */
export async function disconnect(connection: Connection): Promise<void> {
  const closed = connection.close();
  connection.socket?.destroy();
  await closed.catch(() => {});
}

async function connectToAny(access: ClusterAccess): Promise<Connection> {
  let last: unknown = null;
  for (const address of access.brokers) {
    try {
      return await connect(address, access);
    } catch (error) {
      last = error;
      if (isRefusal(error)) break;
    }
  }
  throw asShareError(last, `No broker of ${access.brokers.map(({ host, port }) => `${host}:${port}`).join(', ')} could be reached.`);
}

async function connect({ host, port }: BrokerAddress, { clientId, options }: ClusterAccess): Promise<Connection> {
  const connection = new Connection(clientId, { ...options, connectTimeout: CONNECT_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS });
  // Without a listener a reset socket would end the process. Whoever waits for an answer hears of it all the same.
  connection.on('error', () => {});
  try {
    await connection.connect(host, port);
    return connection;
  } catch (error) {
    await disconnect(connection);
    throw error;
  }
}

async function checkVersions(connection: Connection): Promise<void> {
  const { apiKeys } = await apiVersionsV3.api.async(connection, 'share-consumer', '1');
  for (const [name, [key, version]] of Object.entries(NEEDED_APIS)) {
    const found = apiKeys.find(({ apiKey }) => apiKey === key);
    if (found && found.minVersion <= version && found.maxVersion >= version) continue;
    throw new ShareError('refused', `The broker does not speak ${name} version ${version}: share groups need Kafka 4.2 or newer, with share.version enabled.`);
  }
}

/** Asking also creates the internal topic of a new cluster, without which every heartbeat fails. */
async function coordinatorOf(connection: Connection, group: string): Promise<BrokerAddress> {
  const { coordinators } = await findCoordinatorV6.api.async(connection, GROUP_KEY, [group]);
  return coordinators[0];
}

async function leaderOf(connection: Connection, topic: string): Promise<BrokerAddress> {
  const { brokers, topics } = await metadataV12.api.async(connection, [topic], false, false);
  const count = topics[0].partitions.length;
  if (count !== 1) throw new ShareError('refused', `Topic ${topic} has ${count} partitions; share it over one, or members will not see all of its records.`);
  const { leaderId } = topics[0].partitions[PARTITION];
  const leader = brokers.find(({ nodeId }) => nodeId === leaderId);
  if (!leader) throw new ShareError('trouble', `Topic ${topic} has no leader at the moment.`);
  return leader;
}

function isRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return [error, cause].some((each) => each instanceof AuthenticationError || each instanceof UserError || isTlsError(each));
}

/** Codes of certificate and handshake problems (Node's documentation of `tls` and OpenSSL's names). */
function isTlsError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^ERR_(?:TLS|SSL|OSSL)|CERT|^DEPTH_ZERO|^UNABLE_TO/.test(code);
}

function asShareError(error: unknown, what: string): ShareError {
  if (error instanceof ShareError) return error;
  const code = protocolCodeOf(error);
  if (code === UNKNOWN_TOPIC) return new ShareError('refused', `${what} There is no such topic.`, { code, cause: error });
  const isRefused = isRefusal(error) || (code !== null && verdictOn('heartbeat', code) === 'refused');
  const detail = code === null ? reasonOf(error) : describeCode(code, null);
  return new ShareError(isRefused ? 'refused' : 'trouble', `${what} ${detail}`, { code, cause: error });
}

/** The first code of Kafka's protocol in an error of the client library. */
function protocolCodeOf(error: unknown): number | null {
  const errors = error instanceof AggregateError ? error.errors : [error];
  const found = errors.find((each) => typeof each?.apiCode === 'number');
  return found ? found.apiCode : null;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} ${error.cause.message}` : error.message;
}
