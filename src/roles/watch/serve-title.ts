import { realpath } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileBelow, sendFile } from './send-file.ts';
import { titlePath } from './title-path.ts';

export type TitleServer = {
  /** Of the player page, `http://127.0.0.1:PORT/`. The title folder is below `title/`. */
  readonly url: string;
  /** Ends open connections too. */
  close(): Promise<void>;
};

const LOOPBACK = '127.0.0.1';
const PAGE_FOLDER = join(import.meta.dirname, 'page');
const PAGE_FILES: { readonly [path: string]: string } = {
  '/': join(PAGE_FOLDER, 'index.html'),
  '/app/page.css': join(PAGE_FOLDER, 'page.css'),
  '/app/page.js': join(PAGE_FOLDER, 'page.js'),
  '/app/player.js': join(PAGE_FOLDER, 'player.js'),
  '/app/facts.js': join(PAGE_FOLDER, 'facts.js'),
  '/app/shaka-player.js': createRequire(import.meta.url).resolve('shaka-player/dist/shaka-player.compiled.js'),
};

/** The page loads from this server and nowhere else; the player plays from `blob:` addresses and makes its text tracks from `data:` ones. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves a finished title and its player page on this machine only. Throws when `dir` is no folder or the port is taken. */
export async function serveTitle({ dir, port = 0 }: { readonly dir: string; readonly port?: number }): Promise<TitleServer> {
  const root = await realpath(dir);
  const server = createServer((request, response) => {
    answer(root, ownHosts(server), request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, resolve);
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://${LOOPBACK}:${portOf(server)}/`, close };
}

async function answer(root: string, hosts: readonly string[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('Content-Security-Policy', CONTENT_POLICY);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Referrer-Policy', 'no-referrer');
  // Another name for this address is a page elsewhere that had its name point here.
  if (!hosts.includes(request.headers.host ?? '')) return refuse(response, 421, 'This server has another name.');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return refuse(response, 405, 'Only GET and HEAD.');
  }
  const file = await fileFor(root, (request.url ?? '/').split('?', 1)[0]);
  if (file === null || !(await sendFile(request, response, file))) refuse(response, 404, 'There is no such file.');
}

async function fileFor(root: string, path: string): Promise<string | null> {
  if (Object.hasOwn(PAGE_FILES, path)) return PAGE_FILES[path];
  const below = path.startsWith('/title/') ? titlePath(path.slice('/title/'.length)) : null;
  return below === null ? null : fileBelow(root, join(root, below));
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}

function ownHosts(server: Server): string[] {
  return [LOOPBACK, 'localhost'].map((name) => `${name}:${portOf(server)}`);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
