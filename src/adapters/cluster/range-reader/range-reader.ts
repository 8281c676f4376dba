import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rangeAnswer } from '../../../media/http-range.ts';
import type { MediaInput } from '../../../model/media-input.ts';
import type { BlockCache } from './block-cache.ts';
import { BlockReader, type RangeSource } from './block-reader.ts';

/** Ends of replies that are remembered, to see who reads on behind them. A media tool reads at one or two places. */
const RUNS_MAX = 64;

export type RangeReader = {
  /** For a media tool: nobody else can guess the address, and it answers on loopback only. */
  readonly input: MediaInput;
  /** What was fetched from the source for this reader so far. */
  readonly bytesFetched: number;
  /** Aborts with the error when the source can no longer be read; the tool must be stopped then, for it takes the end of a connection for the end of a film. */
  readonly lost: AbortSignal;
  close(): Promise<void>;
};

/**
 * A small HTTP server between a media tool and a source that is somewhere else. ffmpeg asks for everything from a place on (`bytes=N-`) and drops
 * the connection when it wants another; by then the system would have taken megabytes on its behalf. So a reply names the whole range, as HTTP wants,
 * but the connection ends after one fetch, and ffmpeg (`-reconnect 1`) asks again from where it is: only what it consumes is fetched. The reply is chunked
 * without a last chunk, which the tool's HTTP client takes for an interrupted transfer, quietly; with a Content-Length it would report an error.
 * Tried with ffmpeg 5.1 and 9.0. `ending` is that of the delivered file's name (`.mkv`): tools look at it when the first bytes leave a doubt.
 */
export async function openRangeReader(source: RangeSource, cache: BlockCache, ending: string): Promise<RangeReader> {
  const path = `/${randomBytes(16).toString('hex')}/source${ending}`;
  const stop = new AbortController();
  const lost = new AbortController();
  const blocks = new BlockReader(source, cache, stop.signal);
  const replies = new Replies(blocks, (error) => {
    // What ends because we close is no loss.
    if (!stop.signal.aborted) lost.abort(error);
  });
  const server = createServer((request, response) => {
    if (request.url === path) replies.answer(request, response);
    else response.writeHead(404).end();
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  return {
    input: { url, protocols: ['http', 'tcp'], options: ['-reconnect', '1'] },
    get bytesFetched() {
      return blocks.bytesFetched;
    },
    lost: lost.signal,
    close: () => closed(server, stop),
  };
}

async function closed(server: Server, stop: AbortController): Promise<void> {
  stop.abort();
  const end = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await end;
}

class Replies {
  readonly #blocks: BlockReader;
  readonly #onLost: (error: unknown) => void;
  /** Bytes read in a row, by the place where the reply ended. */
  readonly #runs = new Map<number, number>();

  constructor(blocks: BlockReader, onLost: (error: unknown) => void) {
    this.#blocks = blocks;
    this.#onLost = onLost;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const { sizeBytes } = this.#blocks.source;
    response.setHeader('Accept-Ranges', 'bytes').setHeader('Connection', 'close').setHeader('Content-Type', 'application/octet-stream');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end();
      return;
    }
    const answer = rangeAnswer(request.headers.range, sizeBytes, '', undefined);
    if (answer.status === 416) {
      response.writeHead(416, { 'Content-Range': `bytes */${sizeBytes}` }).end();
      return;
    }
    const { start, endExclusive } = answer.status === 206 ? answer : { start: 0, endExclusive: sizeBytes };
    const range = answer.status === 206 ? { 'Content-Range': `bytes ${start}-${endExclusive - 1}/${sizeBytes}` } : {};
    if (request.method === 'HEAD' || start === endExclusive) {
      response.writeHead(answer.status, { ...range, 'Content-Length': endExclusive - start }).end();
      return;
    }
    response.writeHead(answer.status, range);
    void this.#send(response, start, endExclusive, answer.status === 206);
  }

  /** `mayCut`: the reader asked for a range, so it can ask for the rest of it. */
  async #send(response: ServerResponse, start: number, endExclusive: number, mayCut: boolean): Promise<void> {
    let at = start;
    let run = this.#runs.get(start) ?? 0;
    this.#runs.delete(start);
    try {
      do {
        const bytes = await this.#blocks.bytesAt(at, endExclusive, run);
        if (response.destroyed) return;
        at += bytes.length;
        run += bytes.length;
        await written(response, bytes);
      } while (at < endExclusive && !mayCut && !response.destroyed);
    } catch (error) {
      // Told before the connection ends, so that whoever watches stops the tool first.
      this.#onLost(error);
      response.destroy();
      return;
    }
    if (at >= endExclusive) {
      response.end();
      return;
    }
    this.#remember(at, run);
    response.socket?.end();
  }

  #remember(end: number, run: number): void {
    this.#runs.set(end, run);
    if (this.#runs.size > RUNS_MAX) this.#runs.delete(this.#runs.keys().next().value!);
  }
}

/** Resolves when the system has taken the bytes or the connection is gone. */
async function written(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.write(bytes, () => {
      response.off('close', resolve);
      resolve();
    });
  });
}
