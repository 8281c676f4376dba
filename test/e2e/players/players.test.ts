import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { needsBrowser, type OpenBrowser, openBrowser } from '../../support/browser.ts';
import { FLASH_FILM, UNEVEN_FILM } from '../../support/flash-film.ts';
import { type FilmSpec, makeTitleFolder } from '../../support/title-folder.ts';
import { type PlayedTitle, type PlayOptions, playTitle } from './play-title.ts';

const COMBINATIONS: readonly Pick<PlayOptions, 'player' | 'manifest'>[] = [
  { player: 'shaka', manifest: 'dash' },
  { player: 'shaka', manifest: 'hls' },
  { player: 'hls.js', manifest: 'hls' },
  { player: 'dash.js', manifest: 'dash' },
];

const LEAST_FLASHES = 2;

const FILMS: { readonly [name: string]: FilmSpec } = { even: FLASH_FILM, uneven: UNEVEN_FILM };

describe('packages play', needsBrowser(), () => {
  const folder = mkdtempSync(join(tmpdir(), 'sceneline-players-'));
  const dirs = new Map<string, string>();
  let browser: OpenBrowser;
  before(async () => {
    browser = await openBrowser();
    for (const [name, spec] of Object.entries(FILMS)) dirs.set(name, (await makeTitleFolder(join(folder, name), spec)).dir);
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [film, spec] of Object.entries(FILMS)) {
    for (const { player, manifest } of COMBINATIONS) {
      test(`${film} film, ${manifest} in ${player}`, { timeout: 180_000 }, async () => {
        const screenshots = process.env.SCENELINE_SCREENSHOTS;
        const screenshotPath = screenshots && join(screenshots, `${film}-${player}-${manifest}.png`);
        const played = await playTitle(dirs.get(film)!, { player, manifest, browser, flashes: LEAST_FLASHES, screenshotPath });
        checkPlayed(played, spec);
      });
    }
  }
});

function checkPlayed(played: PlayedTitle, spec: FilmSpec): void {
  const shown = JSON.stringify(played);
  assert.deepEqual(played.errors, []);
  const titleSeconds = spec.seconds + (spec.videoStartSeconds ?? 0);
  assert.ok(Math.abs(played.durationSeconds - titleSeconds) < 0.06, shown);
  const frameShare = played.played.frames / (played.played.mediaSeconds * spec.fps * (1 - (spec.droppedOf30?.length ?? 0) / 30));
  assert.ok(frameShare > 0.7 && frameShare < 1.1, `frames shown: ${frameShare} of those expected; ${shown}`);
  assert.ok(played.played.audioBytes > 5000 && played.picture.deviation > 20, shown);
  assert.ok(played.sync.length >= LEAST_FLASHES, `too few flashes measured; ${shown}`);
  for (const { flashSeconds, differenceMs } of played.sync) {
    assert.ok(Math.abs(differenceMs) < 20, `flash and beep are ${differenceMs} ms apart; ${shown}`);
    assert.ok(Math.abs((flashSeconds % 2) - 1) < 0.005, `a flash at ${flashSeconds} s; ${shown}`);
  }
  assert.deepEqual(
    played.switches.map(({ shownHeight }) => shownHeight),
    spec.rungs.map(({ heightPx }) => heightPx).sort((a, b) => a - b),
  );
  // Chromium takes a place up to twice the longest frame before what it holds for held (SourceBufferRange's fudge room).
  const seekTolerance = spec.droppedOf30 ? 0.6 : 0.2;
  for (const { askedSeconds, shownSeconds } of played.seeks) assert.ok(Math.abs(shownSeconds - askedSeconds) < seekTolerance, shown);
  checkLanguages(played, spec);
}

function checkLanguages(played: PlayedTitle, spec: FilmSpec): void {
  const expected = spec.audio.length > 1 ? [...spec.audio.slice(1), spec.audio[0]] : [];
  assert.equal(played.sounds.length, expected.length);
  for (const [i, { heardLanguage, askedLanguage, hertz }] of played.sounds.entries()) {
    assert.equal(heardLanguage, askedLanguage);
    assert.ok(Math.abs((hertz.at(-1) ?? 0) - expected[i].beepHz) < 50, `${askedLanguage} beeps at ${hertz.join(', ')} Hz`);
  }
  assert.equal(played.texts.length, spec.texts.length);
  for (const { shown, expected: text } of played.texts) assert.equal(shown, text);
}
