import { S3Client } from '@aws-sdk/client-s3';
import type { S3Settings } from './settings.ts';

const CONNECT_LIMIT_MS = 5_000;
/** Longest silence on a connection: completing a large upload may take a server a while. */
const SILENCE_LIMIT_MS = 60_000;
const ATTEMPTS = 4;
const CONNECTIONS_MAX = 64;

/**
 * A client of the store. Requests are tried again by the SDK where that is safe with bodies in memory; we send no others.
 * Checksums: we give our own SHA-256 with every object; what the SDK adds by itself breaks streamed bodies on some servers.
 */
export function connectS3(settings: S3Settings): S3Client {
  const { endpoint, region, pathStyle, credentials, tls } = settings;
  return new S3Client({
    region,
    forcePathStyle: pathStyle,
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials === null ? {} : { credentials }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: ATTEMPTS,
    followRegionRedirects: endpoint === null,
    requestHandler: {
      connectionTimeout: CONNECT_LIMIT_MS,
      socketTimeout: SILENCE_LIMIT_MS,
      httpAgent: { maxSockets: CONNECTIONS_MAX },
      httpsAgent: { maxSockets: CONNECTIONS_MAX, ...tls },
    },
  });
}
