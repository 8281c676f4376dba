import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { serveTitle } from '../../../src/roles/watch/serve-title.ts';
import { titlePath } from '../../../src/roles/watch/title-path.ts';
import { testFolder } from '../../support/fake-tool.ts';

type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer };

/** Sends a path exactly as given. */
function ask(url: string, path: string, headers: { [name: string]: string } = {}, method = 'GET'): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (bytes) => parts.push(bytes));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

const CONTENT = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251));

async function served(t: TestContext): Promise<string> {
  const folder = testFolder(t);
  const dir = join(folder, 'title');
  mkdirSync(join(dir, 'package'), { recursive: true });
  writeFileSync(join(dir, 'package/a.mp4'), CONTENT);
  writeFileSync(join(dir, 'package/empty.vtt'), '');
  writeFileSync(join(dir, 'with space & umlaut ä.m4v'), 'x');
  writeFileSync(join(dir, '.hidden'), 'secret');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  symlinkSync(join(folder, 'secret.txt'), join(dir, 'link.txt'));
  symlinkSync(folder, join(dir, 'up'));
  symlinkSync('package/a.mp4', join(dir, 'inside.mp4'));
  const server = await serveTitle({ dir });
  t.after(() => server.close());
  return server.url;
}

test('files whole and in ranges, with type, length and version', async (t) => {
  const url = await served(t);
  const whole = await ask(url, '/title/package/a.mp4');
  assert.deepEqual([whole.status, whole.headers['content-type'], whole.headers['accept-ranges']], [200, 'video/mp4', 'bytes']);
  assert.deepEqual(whole.body, CONTENT);
  const part = await ask(url, '/title/package/a.mp4', { range: 'bytes=10-19' });
  assert.deepEqual([part.status, part.headers['content-range'], part.headers['content-length']], [206, 'bytes 10-19/5000', '10']);
  assert.deepEqual(part.body, CONTENT.subarray(10, 20));
  const suffix = await ask(url, '/title/package/a.mp4', { range: 'bytes=-7' });
  assert.deepEqual(suffix.body, CONTENT.subarray(-7));
  const beyond = await ask(url, '/title/package/a.mp4', { range: 'bytes=5000-' });
  assert.deepEqual([beyond.status, beyond.headers['content-range'], beyond.body.length], [416, 'bytes */5000', 0]);
  const head = await ask(url, '/title/package/a.mp4', {}, 'HEAD');
  assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, '5000', 0]);
  const known = await ask(url, '/title/package/a.mp4', { 'if-none-match': `"x", ${whole.headers.etag}` });
  assert.deepEqual([known.status, known.body.length], [304, 0]);
  const empty = await ask(url, '/title/package/empty.vtt');
  assert.deepEqual([empty.status, empty.headers['content-type'], empty.body.length], [200, 'text/vtt; charset=utf-8', 0]);
  assert.equal((await ask(url, `/title/${encodeURIComponent('with space & umlaut ä.m4v')}?x=1`)).headers['content-type'], 'video/x-m4v');
  assert.equal((await ask(url, '/title/inside.mp4')).status, 200);
});

test('the page and its parts, and nothing that loads from elsewhere', async (t) => {
  const url = await served(t);
  const page = await ask(url, '/');
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.match(String(page.headers['content-security-policy']), /^default-src 'none'; script-src 'self'; /);
  for (const [, path] of String(page.body).matchAll(/(?:src|href)="(app\/[^"]+)"/g)) assert.equal((await ask(url, `/${path}`)).status, 200, path);
  for (const path of ['/', '/app/page.js', '/app/player.js', '/app/facts.js', '/app/page.css']) {
    const { status, body } = await ask(url, path);
    assert.equal(status, 200);
    assert.doesNotMatch(String(body), /https?:\/\//);
  }
});

test('nothing outside of the title folder, no listing, no hidden file', async (t) => {
  const url = await served(t);
  for (const path of [
    '/title/../secret.txt',
    '/title/%2e%2e/secret.txt',
    '/title/..%2fsecret.txt',
    '/title/package/../../secret.txt',
    '/title/%2e%2e%5csecret.txt',
    '/title//etc/passwd',
    '/title/%00',
    '/title/package/a.mp4%00.txt',
    '/title/%',
    '/title/link.txt',
    '/title/up/secret.txt',
    '/title/.hidden',
    '/title/',
    '/title',
    '/title/package',
    '/title/package/',
    '/app/',
    '/app/../serve-title.ts',
    '/app/constructor',
    '/__proto__',
    '/missing',
    '*',
    'http://elsewhere/title/package/a.mp4',
  ]) {
    const { status, body } = await ask(url, path);
    assert.deepEqual([status, String(body)], [404, 'There is no such file.\n'], path);
  }
});

test('only reads, and only under its own name', async (t) => {
  const url = await served(t);
  const post = await ask(url, '/title/package/a.mp4', {}, 'POST');
  assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD']);
  assert.equal((await ask(url, '/', { host: 'rebound.example' })).status, 421);
  assert.equal((await ask(url, '/', { host: `localhost:${new URL(url).port}` })).status, 200);
});

test('a reader that leaves in the middle does no harm, and close ends open connections', async (t) => {
  const folder = testFolder(t);
  writeFileSync(join(folder, 'big.mp4'), Buffer.alloc(64 * 1024 * 1024));
  const server = await serveTitle({ dir: folder });
  const { port } = new URL(server.url);
  const sockets = await Promise.all(
    ['GET /title/big.mp4 HTTP/1.1', 'GET /title/big.mp4 HTTP/1.1'].map(
      (line) =>
        new Promise<ReturnType<typeof connect>>((resolve) => {
          const socket = connect(Number(port), '127.0.0.1', () => socket.write(`${line}\r\nHost: 127.0.0.1:${port}\r\n\r\n`));
          socket.once('data', () => resolve(socket.pause()));
        }),
    ),
  );
  sockets[0].destroy();
  assert.equal((await ask(server.url, '/title/big.mp4', { range: 'bytes=0-9' })).status, 206);
  const ended = new Promise((resolve) =>
    sockets[1]
      .on('close', resolve)
      .on('error', () => {})
      .resume(),
  );
  await server.close();
  await ended;
  await assert.rejects(ask(server.url, '/'));
});

test('a folder that is none and a port that is taken are errors', async (t) => {
  const folder = testFolder(t);
  await assert.rejects(serveTitle({ dir: join(folder, 'missing') }));
  const server = await serveTitle({ dir: folder });
  t.after(() => server.close());
  await assert.rejects(serveTitle({ dir: folder, port: Number(new URL(server.url).port) }), /EADDRINUSE/);
});

test('paths are decoded once', () => {
  assert.equal(titlePath('a%20b/c.mp4'), 'a b/c.mp4');
  assert.equal(titlePath('%252e%252e/x'), '%2e%2e/x');
  for (const path of ['', 'a//b', '/a', 'a/', '..', 'a/../b', 'a%2fb', 'a%5cb', 'c:x', 'a%0ab', '%ff']) assert.equal(titlePath(path), null, path);
});
