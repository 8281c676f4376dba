import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';

/** Stands in front of a server and does to its connections what networks do. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #mood: { isSilent: boolean };

  private constructor(server: Server, port: number, sockets: Set<Socket>, mood: { isSilent: boolean }) {
    this.#server = server;
    this.port = port;
    this.#sockets = sockets;
    this.#mood = mood;
  }

  /** Listens on a loopback port and passes everything on to `target()`, `host:port`, asked for each connection. */
  static start(port: number, target: () => string): Promise<TcpProxy> {
    const sockets = new Set<Socket>();
    const mood = { isSilent: false };
    const server = createServer((client) => {
      const [host, targetPort] = target().split(':');
      join(client, connectTo({ host, port: Number(targetPort) }), sockets, mood);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve(new TcpProxy(server, port, sockets, mood)));
    });
  }

  /** Ends every connection; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Swallows all bytes, in both directions, of old and new connections, until `speak`. What was swallowed is gone. */
  silence(): void {
    this.#mood.isSilent = true;
  }

  speak(): void {
    this.#mood.isSilent = false;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }
}

function join(client: Socket, server: Socket, sockets: Set<Socket>, mood: { readonly isSilent: boolean }): void {
  for (const [from, to] of [
    [client, server],
    [server, client],
  ]) {
    sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      if (!mood.isSilent) to.write(bytes);
    });
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  }
}
