import type { FileHandle } from 'node:fs/promises';
import { open, realpath } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { rangeAnswer } from '../../media/http-range.ts';
import { contentType } from './title-path.ts';

const READ_BYTES = 1024 * 1024;

/** The real path of a regular file below `root` (a real path itself), or null: links that lead out of it are none. */
export async function fileBelow(root: string, path: string): Promise<string | null> {
  const real = await realpath(path).catch(() => null);
  return real?.startsWith(root + sep) ? real : null;
}

/** Answers a GET or HEAD with a file: validators, one byte range, nothing read that is not sent. False: there is no such file. */
export async function sendFile(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch(() => null);
  if (handle === null) return false;
  try {
    const facts = await handle.stat({ bigint: true });
    if (!facts.isFile()) return false;
    const sizeBytes = Number(facts.size);
    const etag = `"${facts.size.toString(36)}-${facts.mtimeNs.toString(36)}"`;
    response.setHeader('ETag', etag);
    response.setHeader('Accept-Ranges', 'bytes');
    response.setHeader('Cache-Control', 'no-cache');
    if (matches(request.headers['if-none-match'], etag)) response.writeHead(304).end();
    else await sendBytes(request, response, { handle, path, sizeBytes, etag });
    return true;
  } finally {
    await handle.close();
  }
}

type OpenFile = { readonly handle: FileHandle; readonly path: string; readonly sizeBytes: number; readonly etag: string };

async function sendBytes(request: IncomingMessage, response: ServerResponse, file: OpenFile): Promise<void> {
  const ifRange = request.headersDistinct['if-range']?.[0];
  const answer = rangeAnswer(request.headers.range, file.sizeBytes, file.etag, ifRange);
  if (answer.status === 416) {
    response.writeHead(416, { 'Content-Range': `bytes */${file.sizeBytes}` }).end();
    return;
  }
  const { start, endExclusive } = answer.status === 206 ? answer : { start: 0, endExclusive: file.sizeBytes };
  if (answer.status === 206) response.setHeader('Content-Range', `bytes ${start}-${endExclusive - 1}/${file.sizeBytes}`);
  response.writeHead(answer.status, { 'Content-Type': contentType(file.path), 'Content-Length': endExclusive - start });
  if (request.method === 'HEAD' || endExclusive === start) {
    response.end();
    return;
  }
  const bytes = file.handle.createReadStream({ start, end: endExclusive - 1, highWaterMark: READ_BYTES, autoClose: false });
  // A player that has seen enough closes the connection in the middle of the file.
  await pipeline(bytes, response).catch(() => response.destroy());
}

function matches(header: string | undefined, etag: string): boolean {
  return header !== undefined && (header === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag));
}
