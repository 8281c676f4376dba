import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { serveTitle } from '../../../src/roles/watch/serve-title.ts';
import { needsBrowser, type OpenBrowser, openBrowser } from '../../support/browser.ts';
import { ffmpeg, mediaTools } from '../../support/stage-context.ts';
import { runSceneline } from '../check-film.ts';
import { SMALL_RUNG } from '../check-source.ts';
import { PlayerPage } from './player-page.ts';

const COMBINATIONS = [
  { player: 'shaka', manifest: 'manifest.mpd' },
  { player: 'shaka', manifest: 'master.m3u8' },
  { player: 'hls.js', manifest: 'master.m3u8' },
  { player: 'dash.js', manifest: 'manifest.mpd' },
] as const;
const PATIENCE_MS = 30_000;
const ENOUGH_FRAMES = 12;
const SECONDS = 4;

const PICTURE = ['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=24:duration=${SECONDS},format=yuv420p10le`];
const BT2020 = ['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc', '-color_range', 'tv'];

/** HDR with rungs that Chromium does not play (H.265) or cannot show as meant (AV1), and a portrait that is stored lying down. */
const FILMS = {
  hdr: {
    args: [...PICTURE, '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error', ...BT2020],
    rungs: ['h265', 'av1'],
    isUpright: false,
  },
  turned: { args: [...PICTURE, '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast'], rungs: [], isUpright: true },
} as const;

describe('titles of odd sources play', needsBrowser(), () => {
  const folder = mkdtempSync(join(tmpdir(), 'sceneline-odd-players-'));
  let browser: OpenBrowser;
  before(async () => {
    browser = await openBrowser();
    const { encoders } = (await mediaTools()).abilities;
    const made = { h265: encoders.has('libx265'), av1: encoders.has('libsvtav1') };
    for (const [name, { args, rungs, isUpright }] of Object.entries(FILMS)) {
      const [film, ladder] = [join(folder, `${name}.mp4`), join(folder, `${name}.json`)];
      const stored = join(folder, 'stored.mp4');
      await ffmpeg([...args, stored]);
      await ffmpeg(['-i', stored, '-c', 'copy', ...(isUpright ? ['-metadata:s:v:0', 'rotate=90'] : []), film]);
      const hdr = rungs
        .filter((codec) => made[codec])
        .map((codec) => ({ ...SMALL_RUNG, name: codec, codec, hdr: true, preset: codec === 'av1' ? '8' : 'ultrafast' }));
      await writeFile(ladder, JSON.stringify({ rungs: [SMALL_RUNG, ...hdr] }));
      const end = await runSceneline(['encode', film, '--out', join(folder, name), '--state', join(folder, 'state'), '--ladder', ladder, '--json']);
      assert.equal(end.status, 0, end.stderr);
    }
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [name, { isUpright }] of Object.entries(FILMS)) {
    for (const { player, manifest } of COMBINATIONS) {
      test(`${name}, ${manifest} in ${player}`, { timeout: 120_000 }, async () => {
        const server = await serveTitle({ dir: join(folder, name) });
        try {
          const page = await PlayerPage.open(browser, server.url, player);
          await page.run(`harness.adapter.load(${JSON.stringify(`${server.url}title/package/${manifest}`)})`);
          await page.run('harness.play()');
          const shown = await page.until('pictures', (now) => now.presentedFrames >= ENOUGH_FRAMES, PATIENCE_MS);
          assert.deepEqual([shown.errors, shown.height > shown.width], [[], isUpright]);
          assert.ok(Math.abs(shown.duration - SECONDS) < 0.1, JSON.stringify(shown));
          await page.page.close();
        } finally {
          await server.close();
        }
      });
    }
  }
});
