import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page, Route } from 'playwright-core';
import type { OpenBrowser } from '../../support/browser.ts';

export type PlayerName = 'shaka' | 'hls.js' | 'dash.js';

/** What the page under test says of itself; times are seconds on the player's timeline. */
export type Snapshot = {
  readonly currentTime: number;
  readonly duration: number;
  readonly presentedFrames: number;
  /** Of the last picture shown. */
  readonly mediaTime: number | null;
  /** Of the first picture shown after a seek that is near the place asked for. */
  readonly landedTime: number | null;
  readonly firstFrameMs: number | null;
  readonly droppedFrames: number;
  readonly audioBytes: number;
  readonly height: number;
  readonly width: number;
  readonly seeking: boolean;
  readonly readyState: number;
  readonly buffered: readonly (readonly [start: number, end: number])[];
  readonly heard: string | null;
  readonly text: string;
  readonly errors: readonly string[];
};

const PACKAGES = join(import.meta.dirname, '../../../node_modules');
const PLAYERS: { readonly [K in PlayerName]: string } = {
  shaka: join(PACKAGES, 'shaka-player/dist/shaka-player.compiled.js'),
  'hls.js': join(PACKAGES, 'hls.js/dist/hls.js'),
  'dash.js': join(PACKAGES, 'dashjs/dist/modern/umd/dash.all.debug.js'),
};
const PAGE_FOLDER = join(import.meta.dirname, 'page');
const POLL_MS = 50;

/** A page that plays one title with one player. Its own files come from the test, everything else from the title's server. */
export class PlayerPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  static async open(browser: OpenBrowser, serverUrl: string, player: PlayerName): Promise<PlayerPage> {
    const page = await browser.context.newPage();
    await page.route('**/__player/*', (route) => fulfil(route, player));
    await page.goto(`${serverUrl}__player/harness.html?player=${encodeURIComponent(player)}`);
    await page.waitForFunction('globalThis.harness !== undefined');
    return new PlayerPage(page);
  }

  /** Runs an expression in the page, with `harness` in reach. */
  run<T>(expression: string): Promise<T> {
    return this.page.evaluate(`(async () => (${expression}))()`) as Promise<T>;
  }

  snapshot(): Promise<Snapshot> {
    return this.run('harness.snapshot()');
  }

  /** Waits until what the page says satisfies `isDone`; throws with the last snapshot after `timeoutMs`. */
  async until(what: string, isDone: (now: Snapshot) => boolean, timeoutMs: number): Promise<Snapshot> {
    const started = performance.now();
    for (;;) {
      const now = await this.snapshot();
      if (isDone(now)) return now;
      if (now.errors.length > 0 || performance.now() - started > timeoutMs) throw new Error(`${what} did not happen: ${JSON.stringify(now)}`);
      await this.page.waitForTimeout(POLL_MS);
    }
  }
}

async function fulfil(route: Route, player: PlayerName): Promise<void> {
  const name = new URL(route.request().url()).pathname.split('/').at(-1) ?? '';
  const path = name === 'player.js' ? PLAYERS[player] : join(PAGE_FOLDER, name);
  const contentType = name.endsWith('.html') ? 'text/html; charset=utf-8' : 'text/javascript; charset=utf-8';
  await route.fulfill({ body: await readFile(path), contentType });
}
