import { isIP } from 'node:net';
import { type BaseOptions, Connection, instancesChannel } from '@platformatic/kafka';
import { ScenelineError } from '../../../model/errors.ts';
import type { ClusterAccess } from '../share-consumer/locate.ts';

/**
 * The client library hears the first 'error' of a connection in its pools; a second one, as when a broker refuses our certificate,
 * would end the process. Whoever waits for an answer hears of it all the same.
 */
instancesChannel.subscribe((message) => {
  const { instance } = message as { instance?: unknown };
  if (instance instanceof Connection) instance.on('error', () => {});
});

/** How to reach a Kafka cluster, as an operator configures it. Secrets are values here, never paths or names. */
export type KafkaAccess = {
  /** `host:port` of some brokers; the others are learned from them. IPv6 addresses stand in square brackets. */
  readonly brokers: readonly string[];
  /** What the brokers' logs and metrics call us. */
  readonly clientId: string;
  /** PEM texts. `{}`: encrypted, with the certificates that the system trusts; missing: not encrypted. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: { readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; readonly username: string; readonly password: string };
};

export type KafkaBroker = { readonly host: string; readonly port: number };

/** Throws SL-101 for text that is not `host:port`. */
export function parseBroker(text: string): KafkaBroker {
  const [, bracketed, plain, digits] = /^(?:\[([^\][]+)\]|([^\][:\s/@]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  const isHost = bracketed === undefined ? host !== '' : isIP(host) === 6;
  if (isHost && port >= 1 && port <= 65_535) return { host, port };
  throw new ScenelineError('SL-101', `"${text}" is no address of a Kafka broker: write host:port.`);
}

/** The part of every Kafka client's options that says where and as whom. Throws SL-101 for an address that is none. */
export function connectionOptions({ brokers, clientId, tls, sasl }: KafkaAccess): BaseOptions & { readonly bootstrapBrokers: KafkaBroker[] } {
  const bootstrapBrokers = brokers.map(parseBroker);
  if (bootstrapBrokers.length === 0) throw new ScenelineError('SL-101', 'Name at least one Kafka broker.');
  const isNamed = bootstrapBrokers.every(({ host }) => isIP(host) === 0);
  return {
    clientId,
    bootstrapBrokers,
    autocreateTopics: false,
    ...(sasl && { sasl: { ...sasl } }),
    // A name may be announced to the broker while connecting, an address may not (RFC 6066, section 3).
    ...(tls && { tls: { ...tls }, tlsServerName: isNamed }),
  };
}

/** The same for a share consumer. Throws SL-101 for an address that is none. */
export function shareAccess(access: KafkaAccess): ClusterAccess {
  const { bootstrapBrokers, clientId, tls, tlsServerName, sasl } = connectionOptions(access);
  return { brokers: bootstrapBrokers, clientId, options: { tls, tlsServerName, sasl } };
}
