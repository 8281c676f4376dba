import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type Direction = 'up' | 'down';

/** A fault of the wire at a byte, counted over all connections from when it was asked for. */
type Fault = { readonly direction: Direction; readonly kind: 'cut' | 'flip'; readonly everyBytes: number; countdownBytes: number; times: number };

/** A TCP proxy on loopback that passes bytes on until it is told to spoil something. `up` is towards the server. */
export class FaultyProxy {
  readonly port: number;
  /** Bytes passed on so far. */
  readonly passed: { [K in Direction]: number } = { up: 0, down: 0 };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #faults: Fault[] = [];
  #waiting: { bytes: number; resolve: () => void } | null = null;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async open(targetPort: number): Promise<FaultyProxy> {
    const server = createServer();
    server.listen({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const proxy = new FaultyProxy(server);
    server.on('connection', (client) => proxy.#join(client, connect({ host: '127.0.0.1', port: targetPort })));
    return proxy;
  }

  /** Ends both sides of the connection that carries the byte; again after as many more, `times` in all. */
  cut(direction: Direction, afterBytes: number, times = 1): void {
    this.#faults.push({ direction, kind: 'cut', everyBytes: afterBytes, countdownBytes: afterBytes, times });
  }

  /** Turns the byte into another. */
  flip(direction: Direction, afterBytes: number, times = 1): void {
    this.#faults.push({ direction, kind: 'flip', everyBytes: afterBytes, countdownBytes: afterBytes, times });
  }

  /** Resolves when so many bytes more went up. */
  async up(bytes: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting = { bytes: this.passed.up + bytes, resolve };
    });
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket, server: Socket): void {
    const both = [client, server];
    const end = () => {
      for (const socket of both) {
        socket.destroy();
        this.#sockets.delete(socket);
      }
    };
    for (const socket of both) {
      this.#sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    client.on('data', (bytes) => this.#pass('up', bytes, client, server, end));
    server.on('data', (bytes) => this.#pass('down', bytes, server, client, end));
  }

  #pass(direction: Direction, bytes: Buffer, from: Socket, to: Socket, end: () => void): void {
    for (const fault of this.#faults.filter((one) => one.direction === direction && one.times > 0)) {
      const at = fault.countdownBytes;
      fault.countdownBytes -= bytes.length;
      if (fault.countdownBytes > 0) continue;
      fault.times -= 1;
      fault.countdownBytes = fault.everyBytes;
      if (fault.kind === 'cut') {
        end();
        return;
      }
      bytes[at - 1] ^= 1;
    }
    this.passed[direction] += bytes.length;
    if (!to.write(bytes)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
    if (this.#waiting && this.passed.up >= this.#waiting.bytes) {
      this.#waiting.resolve();
      this.#waiting = null;
    }
  }
}
