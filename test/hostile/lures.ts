import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';

/** Files nobody may read and a port nobody may call, for tests of files that ask for them. */
export type Lures = {
  /** Where a trick's files are put: lures and film side by side. */
  readonly folder: string;
  readonly port: number;
  /** Writes a file whose reading is noticed, and returns its path. */
  plant(name: string, content: string | Uint8Array): string;
  /** What was touched since the last call: names of files, `port`. */
  touched(): string[];
  close(): Promise<void>;
};

/** Read once, a file has a newer access time than this; the kernel updates it (relatime) because it is older than the time of change. */
const LONG_AGO_SECONDS = 1e9;

export async function layLures(folder: string): Promise<Lures> {
  const planted = new Map<string, string>();
  const calls = { count: 0 };
  const server = createServer((socket) => {
    calls.count++;
    socket
      .on('error', () => {})
      .resume()
      .end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  const port = await listen(server);
  const reset = (path: string) => utimesSync(path, LONG_AGO_SECONDS, LONG_AGO_SECONDS + 1);
  return {
    folder,
    port,
    plant(name, content) {
      const path = join(folder, name);
      writeFileSync(path, content);
      reset(path);
      planted.set(name, path);
      return path;
    },
    touched() {
      const names = [...planted].filter(([, path]) => statSync(path).atimeMs > LONG_AGO_SECONDS * 1000).map(([name]) => name);
      for (const path of planted.values()) reset(path);
      if (calls.count > 0) names.push('port');
      calls.count = 0;
      return names;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}
