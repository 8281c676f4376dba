import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseMpd } from '../../../src/media/dash/parse-mpd.ts';
import { parseWebVtt } from '../../../src/media/webvtt/cues.ts';
import { serveTitle } from '../../../src/roles/watch/serve-title.ts';
import { type OpenBrowser, openBrowser } from '../../support/browser.ts';
import { type PlayerName, PlayerPage, type Snapshot } from './player-page.ts';

export type PlayOptions = {
  readonly player: PlayerName;
  readonly manifest: 'dash' | 'hls';
  /** Opened and closed for this call when left out. */
  readonly browser?: OpenBrowser;
  /** How long it plays undisturbed at first, seconds of the film. */
  readonly playSeconds?: number;
  /** Flashes with beeps to measure: on a busy machine frames are missed, so the beginning is played again until there are enough, a few times at most. */
  readonly flashes?: number;
  /** Where a picture of the page goes. */
  readonly screenshotPath?: string;
};

export type PlayedTitle = {
  readonly durationSeconds: number;
  readonly firstFrameMs: number;
  /** The undisturbed beginning. */
  readonly played: {
    readonly wallSeconds: number;
    readonly mediaSeconds: number;
    readonly frames: number;
    readonly droppedFrames: number;
    readonly audioBytes: number;
  };
  /** Brightness, 0 to 255; a black picture has none and no deviation. */
  readonly picture: { readonly mean: number; readonly deviation: number };
  /** White flashes and the beeps nearest to them; a flash after a missed frame is not counted. Empty for a film without. */
  readonly sync: readonly { readonly flashSeconds: number; readonly beepSeconds: number; readonly differenceMs: number }[];
  /** Every height of the ladder, asked for by name. */
  readonly switches: readonly { readonly askedHeight: number; readonly shownHeight: number; readonly tookMs: number }[];
  readonly seeks: readonly { readonly askedSeconds: number; readonly shownSeconds: number; readonly framesAfter: number; readonly tookMs: number }[];
  /** Every language but the first, then the first again; with the tones of the beeps heard in the next seconds. */
  readonly sounds: readonly {
    readonly askedLanguage: string;
    readonly heardLanguage: string | null;
    readonly audioBytes: number;
    readonly hertz: readonly number[];
  }[];
  readonly texts: readonly { readonly language: string; readonly expected: string; readonly shown: string }[];
  readonly errors: readonly string[];
};

const MANIFESTS = { dash: 'title/package/manifest.mpd', hls: 'title/package/master.m3u8' } as const;
/** Through four flashes of a film that has one every two seconds from the first. */
const PLAY_SECONDS = 7.5;
const PATIENCE_MS = 20_000;
const ASK_AGAIN_MS = 4000;
const MOST_BEGINNINGS = 6;
/** Shaka Player leaves a rung that it could not load in time alone for half a minute. */
const MAX_ASKS = 10;
/** Pictures that prove that it plays on. */
const ENOUGH_FRAMES = 8;
/** Shaka Player 5.2 can lose its sound when it is asked to seek while it changes the language (with others' packages too). */
const SETTLE_SECONDS = 1;
const SYNC_PAIR_SECONDS = 0.5;

/**
 * Plays a finished title folder in a headless browser: from the start, at every quality, after seeks, in every language, with every subtitle, and measures.
 * Throws when the player reports an error or something asked for does not happen within 20 seconds; judging the figures is the caller's.
 */
export async function playTitle(dir: string, options: PlayOptions): Promise<PlayedTitle> {
  const browser = options.browser ?? (await openBrowser());
  const server = await serveTitle({ dir });
  try {
    const address = `${server.url}${MANIFESTS[options.manifest]}`;
    const page = await PlayerPage.open(browser, server.url, options.player);
    const played = await playThrough(page, address, options.playSeconds ?? PLAY_SECONDS, options.flashes ?? 0);
    await page.page.close();
    const reading = await PlayerPage.open(browser, server.url, options.player);
    const texts = await tryTexts(reading, address, dir);
    if (options.screenshotPath) {
      await mkdir(dirname(options.screenshotPath), { recursive: true });
      await reading.page.screenshot({ path: options.screenshotPath });
    }
    const { errors } = await reading.snapshot();
    await reading.page.close();
    return { ...played, texts, errors: [...played.errors, ...errors] };
  } finally {
    await server.close();
    if (!options.browser) await browser.close();
  }
}

async function playThrough(page: PlayerPage, address: string, playSeconds: number, flashes: number): Promise<Omit<PlayedTitle, 'texts'>> {
  await page.run('harness.meter.listen()');
  await page.run(`harness.adapter.load(${JSON.stringify(address)})`);
  const heights = await page.run<number[]>('harness.adapter.heights()');
  const beginning = await playBeginning(page, playSeconds, flashes);
  const switches = await tryHeights(page, heights);
  const seeks = [await trySeek(page, 0.68), await trySeek(page, 0.17)];
  const sounds = await tryLanguages(page);
  const looks = [await look(page), await look(page), await look(page)];
  const picture = looks.reduce((best, one) => (one.deviation > best.deviation ? one : best));
  const { errors, duration } = await page.snapshot();
  return { ...beginning, durationSeconds: duration, picture, switches, seeks, sounds, errors };
}

/** One look may meet a flash, so there are several. */
async function look(page: PlayerPage): Promise<PlayedTitle['picture']> {
  const { presentedFrames } = await page.snapshot();
  await page.until('another picture', (now) => now.presentedFrames > presentedFrames + 4, PATIENCE_MS);
  return page.run('harness.look()');
}

async function playBeginning(page: PlayerPage, seconds: number, flashes: number): Promise<Pick<PlayedTitle, 'firstFrameMs' | 'played' | 'sync'>> {
  await page.run('harness.play()');
  const first = await page.until('the first picture', (now) => now.presentedFrames > 0, PATIENCE_MS);
  const started = performance.now();
  const end = Math.min(seconds, first.duration - 0.5);
  const last = await page.until(`playing to ${end} s`, (now) => now.currentTime >= end, PATIENCE_MS + 3000 * seconds);
  const played = {
    wallSeconds: (performance.now() - started) / 1000,
    mediaSeconds: last.currentTime - first.currentTime,
    frames: last.presentedFrames - first.presentedFrames,
    droppedFrames: last.droppedFrames,
    audioBytes: last.audioBytes,
  };
  let sync = await readSync(page);
  for (let beginnings = 1; sync.length < flashes && beginnings < MOST_BEGINNINGS; beginnings++) {
    await seek(page, 0.2);
    await page.until(`playing to ${end} s again`, (now) => now.currentTime >= end, PATIENCE_MS + 3000 * seconds);
    sync = await readSync(page);
  }
  return { firstFrameMs: first.firstFrameMs ?? 0, played, sync };
}

async function readSync(page: PlayerPage): Promise<PlayedTitle['sync']> {
  const flashes = await page.run<{ mediaSeconds: number; isSure: boolean }[]>('harness.meter.flashes');
  const beeps = await page.run<{ mediaSeconds: number }[]>('harness.meter.beeps');
  const pairs = flashes
    .filter(({ isSure }) => isSure)
    .flatMap(({ mediaSeconds: flashSeconds }) => {
      const near = beeps.map(({ mediaSeconds }) => mediaSeconds).filter((beepSeconds) => Math.abs(beepSeconds - flashSeconds) < SYNC_PAIR_SECONDS);
      return near.slice(0, 1).map((beepSeconds) => ({ flashSeconds, beepSeconds, differenceMs: (beepSeconds - flashSeconds) * 1000 }));
    });
  return pairs;
}

/** Every height once, from the lowest to the highest and so through all rungs. */
async function tryHeights(page: PlayerPage, heights: readonly number[]): Promise<PlayedTitle['switches']> {
  const switches = [];
  for (const askedHeight of [...new Set(heights)].sort((a, b) => a - b)) {
    await rewindNearEnd(page);
    const started = performance.now();
    const before = await page.snapshot();
    const isShown = (now: Snapshot) => now.height === askedHeight && now.presentedFrames >= before.presentedFrames + ENOUGH_FRAMES;
    const after = await insist(page, `quality ${askedHeight}`, () => page.run(`harness.adapter.showHeight(${askedHeight})`), isShown);
    switches.push({ askedHeight, shownHeight: after.height, tookMs: performance.now() - started });
  }
  return switches;
}

async function trySeek(page: PlayerPage, share: number): Promise<PlayedTitle['seeks'][number]> {
  const { duration } = await page.snapshot();
  const askedSeconds = Math.round(duration * share * 1000) / 1000;
  const started = performance.now();
  const shown = await seek(page, askedSeconds);
  const tookMs = performance.now() - started;
  const after = await page.until('playing on after a seek', (now) => now.presentedFrames >= shown.presentedFrames + ENOUGH_FRAMES, PATIENCE_MS);
  return { askedSeconds, shownSeconds: shown.landedTime ?? 0, framesAfter: after.presentedFrames - shown.presentedFrames, tookMs };
}

/** Resolves when a picture of about the new place is shown. */
async function seek(page: PlayerPage, seconds: number): Promise<Snapshot> {
  await page.run(`harness.seek(${seconds})`);
  const isThere = (now: Snapshot) => !now.seeking && now.landedTime !== null;
  return page.until(`seeking to ${seconds} s`, isThere, PATIENCE_MS);
}

/** Asks again every few seconds, as a viewer would: now and then a player forgets what it was asked while it was loading something else. */
async function insist(page: PlayerPage, what: string, ask: () => Promise<unknown>, isDone: (now: Snapshot) => boolean): Promise<Snapshot> {
  for (let tries = 1; tries < MAX_ASKS; tries++) {
    await rewindNearEnd(page);
    await ask();
    const done = await page.until(what, isDone, ASK_AGAIN_MS).catch(() => null);
    if (done) return done;
  }
  await ask();
  return page.until(what, isDone, ASK_AGAIN_MS);
}

async function rewindNearEnd(page: PlayerPage): Promise<void> {
  const { currentTime, duration } = await page.snapshot();
  if (currentTime > duration * 0.6) await seek(page, 0.2);
}

/** Listens after each change through the next two beeps of a film that has them. */
async function tryLanguages(page: PlayerPage): Promise<PlayedTitle['sounds']> {
  const languages = await page.run<string[]>('harness.adapter.languages()');
  const sounds = [];
  for (const askedLanguage of languages.length > 1 ? [...languages.slice(1), languages[0]] : []) {
    await rewindNearEnd(page);
    const { currentTime } = await page.snapshot();
    await page.run(`harness.adapter.hear(${JSON.stringify(askedLanguage)})`);
    const isSettled = (now: Snapshot) => now.heard === askedLanguage && now.currentTime > currentTime + SETTLE_SECONDS;
    await page.until(`sound in ${askedLanguage}`, isSettled, PATIENCE_MS);
    const before = await seek(page, 0.4);
    await page.run('harness.meter.beeps.splice(0)');
    const after = await page.until('sound going on', (now) => now.currentTime > 3.4, PATIENCE_MS);
    const beeps = await page.run<{ hertz: number }[]>('harness.meter.beeps');
    sounds.push({
      askedLanguage,
      heardLanguage: after.heard,
      audioBytes: after.audioBytes - before.audioBytes,
      hertz: beeps.map(({ hertz }) => hertz),
    });
  }
  return sounds;
}

/**
 * Shows the first cue of every text track, on a page that has just begun to load: Shaka Player shows no HLS text that is first asked for when all of the
 * film is loaded already, and dash.js forgets to load a text when it is asked to seek at the same time.
 */
async function tryTexts(page: PlayerPage, address: string, dir: string): Promise<PlayedTitle['texts']> {
  const mpd = parseMpd(await readFile(join(dir, 'package/manifest.mpd'), 'utf8'));
  await page.run(`harness.adapter.load(${JSON.stringify(address)})`);
  await page.run('harness.play()');
  await page.until('the first picture', (now) => now.presentedFrames > 0, PATIENCE_MS);
  const texts = [];
  for (const { language, representations } of mpd.sets.filter(({ contentType }) => contentType === 'text')) {
    const [cue] = parseWebVtt(await readFile(join(dir, 'package', representations[0].file ?? ''), 'utf8'));
    if (!cue || language === null) continue;
    const expected = plainText(cue.payload);
    const ask = async () => {
      await seek(page, (cue.startMs + Math.min(cue.endMs - cue.startMs, 1000) / 4) / 1000);
      await page.run(`harness.adapter.read(${JSON.stringify(language)})`);
    };
    const shown = await insist(page, `the text ${expected}`, ask, (now) => plainText(now.text).includes(expected));
    texts.push({ language, expected, shown: plainText(shown.text) });
  }
  return texts;
}

const ENTITIES: { readonly [entity: string]: string } = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };

/** A cue without its markup, on one line: players keep it or not. */
function plainText(payload: string): string {
  return payload
    .replace(/<[^>]*>/g, '')
    .replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity])
    .replace(/\s+/g, ' ')
    .trim();
}
