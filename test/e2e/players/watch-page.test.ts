import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { serveTitle, type TitleServer } from '../../../src/roles/watch/serve-title.ts';
import { needsBrowser, type OpenBrowser, openBrowser } from '../../support/browser.ts';
import { FLASH_FILM } from '../../support/flash-film.ts';
import { makeTitleFolder } from '../../support/title-folder.ts';
import { HOSTILE_TEXT } from '../../support/tracks.ts';

const PHONE = { width: 390, height: 844 };

const REPORT = {
  source: {
    path: '/films/film.mkv',
    frames: 480,
    facts: { title: `<img src=x onerror="document.title='owned'">${HOSTILE_TEXT}`, durationSeconds: 16, chapters: [{ startSeconds: 5, title: '<b>Five</b>' }] },
  },
  shots: [{}, {}],
  findings: [{ code: 'SL-201', message: '<script>document.title="owned"</script>' }],
  renditions: [
    { name: '360p', file: 'javascript:alert(1)/360p.mp4', width: 640, height: 360, codec: '<i>', frames: 480, bytes: 1_427_186, bitsPerSecond: 713_593 },
  ],
  package: { dash: 'package/manifest.mpd', hls: 'package/master.m3u8' },
  cost: { framesEncoded: 480, framesReused: 0, attempts: 2, losses: 0 },
};

describe('the watch page', needsBrowser(), () => {
  const folder = mkdtempSync(join(tmpdir(), 'sceneline-watch-'));
  let browser: OpenBrowser;
  let server: TitleServer;
  let dir: string;
  const complaints: string[] = [];
  before(async () => {
    browser = await openBrowser();
    dir = (await makeTitleFolder(folder, FLASH_FILM)).dir;
    server = await serveTitle({ dir });
  });
  after(async () => {
    await server?.close();
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function openPage(): Promise<Page> {
    const page = await browser.context.newPage();
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => /^(data|blob):/.test(request.url()) || request.url().startsWith(server.url) || complaints.push(request.url()));
    await page.goto(server.url);
    await page.waitForSelector('main[data-state=ready]');
    return page;
  }

  const playing = (page: Page, seconds: number) => until(page, `document.querySelector('video').currentTime > ${seconds}`);

  test('plays and lets a viewer choose quality, sound, subtitles, stream and place', { timeout: 120_000 }, async () => {
    writeFileSync(join(dir, 'report.json'), JSON.stringify(REPORT));
    const page = await openPage();
    await page.evaluate('document.querySelector("video").play()');
    await playing(page, 0.5);
    assert.deepEqual(await page.locator('#quality option').allTextContents(), ['Automatic', '360 lines', '180 lines']);
    assert.deepEqual(await page.locator('#sound option').allTextContents(), ['English', 'Kommentar "B"']);
    assert.deepEqual(await page.locator('#subtitles option').allTextContents(), ['Off', 'English', 'Spanish']);
    await page.selectOption('#subtitles', { label: 'English' });
    await until(page, `[...document.querySelector('video').textTracks].some((track) => track.mode === 'showing' && track.activeCues?.length > 0)`);
    await page.selectOption('#quality', '180');
    await until(page, `document.querySelector('video').videoHeight === 180`);
    await page.locator('#strip button').nth(9).click();
    await playing(page, 9);
    await page.waitForSelector('#strip li:nth-child(10) button[aria-current=true]');
    await page.selectOption('#stream', 'hls');
    await page.waitForSelector('main[data-state=ready]');
    await playing(page, 10);
    await page.locator('#chapters button').click();
    await until(page, `document.querySelector('video').currentTime >= 5 && document.querySelector('video').currentTime < 9`);
    await takePicture(page, 'watch-page');
    await page.close();
    assert.deepEqual(complaints, []);
  });

  test('shows what the report says as text, and fits a phone', { timeout: 60_000 }, async () => {
    writeFileSync(join(dir, 'report.json'), JSON.stringify(REPORT));
    const page = await openPage();
    await page.setViewportSize(PHONE);
    assert.match((await page.title()).trim(), /^<img src=x/);
    assert.equal(await page.locator('h1 *, #findings li *, #chapters button *').count(), 0);
    assert.equal(await page.locator('#renditions a').getAttribute('href'), 'title/javascript%3Aalert(1)/360p.mp4');
    assert.match((await page.locator('#proofs').textContent()) ?? '', /360p: 480 frames, every one at its time/);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), PHONE.width);
    await takePicture(page, 'watch-page-phone');
    await page.close();
    assert.deepEqual(complaints, []);
  });

  test('plays without a report, and says so when nothing can be played', { timeout: 60_000 }, async () => {
    rmSync(join(dir, 'report.json'), { force: true });
    const page = await openPage();
    assert.equal(await page.locator('#proof').isHidden(), true);
    await page.close();
    rmSync(join(dir, 'package/manifest.mpd'));
    const second = await openPage();
    assert.equal(await second.locator('#stream').inputValue(), 'hls');
    await second.close();
    rmSync(join(dir, 'package/master.m3u8'));
    const third = await browser.context.newPage();
    await third.goto(server.url);
    await third.waitForSelector('main[data-state=failed]');
    assert.match((await third.locator('#problem').textContent()) ?? '', /^The film cannot be played \(Shaka Player \d+\)\.$/);
    await third.close();
  });
});

/** Waits for an expression to be true; the page's policy forbids Playwright's own way. */
async function until(page: Page, expression: string): Promise<void> {
  for (const started = performance.now(); !(await page.evaluate(expression)); ) {
    assert.ok(performance.now() - started < 20_000, `not within 20 s: ${expression}`);
    await page.waitForTimeout(50);
  }
}

async function takePicture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCENELINE_SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
