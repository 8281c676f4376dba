import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { freePort } from './free-port.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** A server that gives back what it gets, behind a proxy. */
describe('a proxy between a client and a server', () => {
  let echo: Server;
  let proxy: TcpProxy;
  let client: Socket;

  beforeEach(async () => {
    echo = createServer((socket) => socket.on('error', () => {}).pipe(socket));
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { port } = echo.address() as AddressInfo;
    proxy = await TcpProxy.start(await freePort(), () => `127.0.0.1:${port}`);
    client = connect(proxy.port, '127.0.0.1').setEncoding('utf8');
    client.on('error', () => {});
    await once(client, 'connect');
  });
  afterEach(async () => {
    client.destroy();
    await proxy.stop();
    echo.close();
  });

  async function answers(length: number): Promise<string> {
    let heard = '';
    while (heard.length < length) heard += (await once(client, 'data'))[0];
    return heard;
  }

  it('passes on', async () => {
    client.write('hello');
    assert.equal(await answers(5), 'hello');
  });

  it('delays both ways and keeps the order, also when the delay ends', async () => {
    proxy.delay(60);
    const startedMs = performance.now();
    client.write('one ');
    await new Promise((resolve) => setTimeout(resolve, 20));
    proxy.delay(0);
    client.write('two');
    assert.equal(await answers(7), 'one two');
    assert.ok(performance.now() - startedMs >= 60);
  });

  it('cuts in the middle of what a client sends, once', async () => {
    const closed = closing(client);
    const cut = proxy.cutAfter(10);
    client.write('12345');
    assert.equal(await answers(5), '12345');
    client.write('678901');
    await Promise.all([cut, closed]);
    client = connect(proxy.port, '127.0.0.1').setEncoding('utf8');
    client.write('a long text that nobody cuts');
    assert.equal(await answers(28), 'a long text that nobody cuts');
  });

  it('cuts also connections that are just ending', async () => {
    const clients = Array.from({ length: 50 }, () => connect(proxy.port, '127.0.0.1').on('error', () => {}));
    const closed = Promise.all(clients.map(closing));
    for (const [i, one] of clients.entries()) {
      if (i % 2) one.once('connect', () => one.end('goodbye'));
      one.once('finish', () => proxy.cut());
    }
    await once(clients[1], 'finish');
    proxy.cut();
    for (const one of clients) one.destroy();
    await closed;
  });

  it('refuses old and new connections until it welcomes', async () => {
    const closed = closing(client);
    proxy.refuse();
    await closed;
    const refused = connect(proxy.port, '127.0.0.1').on('error', () => {});
    await closing(refused);
    proxy.welcome();
    client = connect(proxy.port, '127.0.0.1').setEncoding('utf8');
    client.write('again');
    assert.equal(await answers(5), 'again');
  });
});

/** Also when it is an error that ends it. */
function closing(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}
