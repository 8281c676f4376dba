import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { ScenelineError } from '../../../model/errors.ts';
import { log } from '../log.ts';
import type { Registry } from './registry.ts';

export type Listen = { readonly host: string; readonly port: number };

const LOOPBACK = '127.0.0.1';
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const CONNECTIONS_MAX = 64;

/** `PORT` (on this machine only) or `HOST:PORT`, as --metrics has it; IPv6 addresses stand in square brackets. Throws SL-101. */
export function parseListen(text: string): Listen {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\][]+)\]|([^\][:\s/@]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const isHost = bracketed === undefined || isIP(bracketed) === 6;
  if (port <= 65_535 && isHost) return { host: bracketed ?? plain ?? LOOPBACK, port };
  throw new ScenelineError('SL-101', `--metrics takes PORT or HOST:PORT, not ${JSON.stringify(text)}.`);
}

/** Serves the metrics while `work` lasts, if they are wanted at all, and says where. */
export async function withMetricsServed(registry: Registry, at: Listen | null, work: () => Promise<void>): Promise<void> {
  const served = at === null ? null : await serveMetrics(registry, at);
  if (served) log('info', 'metrics are served', { address: served.address });
  try {
    await work();
  } finally {
    await served?.close();
  }
}

/**
 * Serves `/metrics`, and `/healthz`, which answers while the process does: whether it can work the metrics say, since starting it again mends no server that is away.
 * Nothing secret is in them, but they are for operators: keep the port inside. Throws SL-101 when the address cannot be had.
 */
export async function serveMetrics(registry: Pick<Registry, 'text'>, { host, port }: Listen): Promise<{ readonly address: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    answer(registry, request, response).catch(() => response.destroy());
  });
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new ScenelineError('SL-101', `--metrics cannot listen on ${host}:${port}: ${error.message}.`, { cause: error })));
    server.listen({ host, port }, resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    address: bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(registry: Pick<Registry, 'text'>, { method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(registry, url ?? '');
  if (method !== 'GET' && method !== 'HEAD') response.writeHead(405, { allow: 'GET, HEAD' }).end();
  else if (body === null) response.writeHead(404, { 'content-type': TEXT }).end('not here\n');
  else response.writeHead(200, { 'content-type': TEXT, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' }).end(body);
}

async function bodyOf(registry: Pick<Registry, 'text'>, url: string): Promise<string | null> {
  const path = url.split('?')[0];
  if (path === '/metrics') return registry.text();
  return path === '/healthz' ? 'ok\n' : null;
}
