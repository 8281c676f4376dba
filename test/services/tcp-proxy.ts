import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

type Mood = { isSilent: boolean; isRefusing: boolean; delayMs: number; bytesToCut: number };

/** Stands in front of a server and does to its connections what networks do. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #mood: Mood;
  #onCut: (() => void) | null = null;

  private constructor(port: number, target: () => string) {
    this.port = port;
    this.#sockets = new Set();
    this.#mood = { isSilent: false, isRefusing: false, delayMs: 0, bytesToCut: Number.POSITIVE_INFINITY };
    this.#server = createServer((client) => this.#join(client, target()));
  }

  /** Listens on a port, by itself of loopback, and passes everything on to `target()`, `host:port`, asked for each connection. */
  static start(port: number, target: () => string, address = '127.0.0.1'): Promise<TcpProxy> {
    const proxy = new TcpProxy(port, target);
    return new Promise((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(port, address, () => resolve(proxy));
    });
  }

  /** Ends every connection; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) reset(socket);
  }

  /** Cuts once, in the middle of what clients send, when so many bytes more have come from them. Resolves then. */
  cutAfter(bytes: number): Promise<void> {
    this.#mood.bytesToCut = bytes;
    return new Promise((resolve) => {
      this.#onCut = resolve;
    });
  }

  /** Ends every connection, old and new, until `welcome`. */
  refuse(): void {
    this.#mood.isRefusing = true;
    this.cut();
  }

  welcome(): void {
    this.#mood.isRefusing = false;
  }

  /** Swallows all bytes, in both directions, of old and new connections, until `speak`. What was swallowed is gone. */
  silence(): void {
    this.#mood.isSilent = true;
  }

  speak(): void {
    this.#mood.isSilent = false;
  }

  /** Everything arrives so much later, in each direction; 0: at once again. */
  delay(delayMs: number): void {
    this.#mood.delayMs = delayMs;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #join(client: Socket, target: string): void {
    if (this.#mood.isRefusing) return void client.on('error', () => {}).resetAndDestroy();
    const [host, port] = target.split(':');
    const server = connectTo({ host, port: Number(port) });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ]) {
      const line = new DelayLine(to, this.#mood);
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (bytes) => {
        if (this.#mood.isSilent) return;
        if (from === client && this.#isCutBy(bytes.length)) return;
        line.write(bytes);
      });
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        void line.drained().then(() => to.destroy());
      });
    }
  }

  #isCutBy(bytes: number): boolean {
    this.#mood.bytesToCut -= bytes;
    if (this.#mood.bytesToCut > 0) return false;
    this.#mood.bytesToCut = Number.POSITIVE_INFINITY;
    this.cut();
    this.#onCut?.();
    return true;
  }
}

/** A socket that is just ending and is reset would never close, and Node (24.21) would not end after it. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** Writes what it is given after the delay of that moment, never before what was given earlier. */
class DelayLine {
  readonly #to: Socket;
  readonly #mood: Mood;
  #last: Promise<void> | null = null;

  constructor(to: Socket, mood: Mood) {
    this.#to = to;
    this.#mood = mood;
  }

  write(bytes: Buffer): void {
    if (this.#mood.delayMs === 0 && this.#last === null) return void this.#to.write(bytes);
    const dueMs = performance.now() + this.#mood.delayMs;
    const mine = this.drained().then(async () => {
      await sleep(Math.max(0, dueMs - performance.now()));
      if (!this.#to.destroyed) this.#to.write(bytes);
      if (this.#last === mine) this.#last = null;
    });
    this.#last = mine;
  }

  /** Resolves when nothing is on its way. */
  async drained(): Promise<void> {
    await this.#last;
  }
}
