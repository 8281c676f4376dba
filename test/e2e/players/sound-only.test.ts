import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { serveTitle, type TitleServer } from '../../../src/roles/watch/serve-title.ts';
import { TINY_LADDER } from '../../crash/crash-run.ts';
import { needsBrowser, type OpenBrowser, openBrowser } from '../../support/browser.ts';
import { type CliPlace, cliPlace, finishedReport } from '../../support/cli-place.ts';
import { ffmpeg } from '../../support/stage-context.ts';
import { PlayerPage } from './player-page.ts';

const PATIENCE_MS = 20_000;
const tone = (hz: number) => ['-f', 'lavfi', '-i', `sine=frequency=${hz}:sample_rate=48000:duration=20`];

describe('a title of sound only plays, in each of its languages', needsBrowser(), () => {
  let place: CliPlace;
  let browser: OpenBrowser;
  let server: TitleServer;
  before(async () => {
    place = await cliPlace(TINY_LADDER);
    const source = join(place.root, 'sound.m4a');
    await ffmpeg([...tone(440), ...tone(660), '-map', '0', '-map', '1', '-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu', source]);
    finishedReport(await place.encode(source).end);
    server = await serveTitle({ dir: place.outDir });
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
    await place.remove();
  });

  for (const [player, manifest] of [
    ['shaka', 'manifest.mpd'],
    ['shaka', 'master.m3u8'],
    ['hls.js', 'master.m3u8'],
    ['dash.js', 'manifest.mpd'],
  ] as const) {
    test(`${manifest} in ${player}`, { timeout: 90_000 }, async () => {
      const page = await PlayerPage.open(browser, server.url, player);
      await page.run('harness.meter.listen()');
      await page.run(`harness.adapter.load(${JSON.stringify(`${server.url}title/package/${manifest}`)})`);
      await page.run('harness.play()');
      const playing = await page.until('playing', (now) => now.currentTime > 2, PATIENCE_MS);
      assert.ok(Math.abs(playing.duration - 20) < 0.1, `${playing.duration} s`);
      assert.deepEqual(await page.run('harness.adapter.languages()'), ['en', 'de']);
      await page.run('harness.adapter.hear("de")');
      const at = playing.currentTime;
      const german = await page.until('the other language', (now) => now.heard === 'de' && now.currentTime > at + 2, PATIENCE_MS);
      assert.deepEqual(german.errors, []);
      await page.page.close();
    });
  }

  test('the watch page plays it', { timeout: 60_000 }, async () => {
    const page = await browser.context.newPage();
    await page.goto(server.url);
    await page.waitForSelector('main[data-state=ready]');
    assert.deepEqual(await page.locator('#sound option').allTextContents(), ['English', 'German']);
    assert.deepEqual(await page.locator('#proofs li').allTextContents(), ['Sound: held to the source to the sample in 2 tracks']);
    await page.evaluate('document.querySelector("video").play()');
    // The page's policy forbids what Playwright's own waiting does.
    while (!(await page.evaluate('document.querySelector("video").currentTime > 1'))) await page.waitForTimeout(50);
    const screenshots = process.env.SCENELINE_SCREENSHOTS;
    if (screenshots) await page.screenshot({ path: join(screenshots, 'watch-sound-only.png') });
    await page.close();
  });
});
