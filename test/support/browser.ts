import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--mute-audio',
];

/** Path of a Chromium: what the environment variable CHROMIUM names, else the first found on PATH; null without one. */
export function findChromium(): string | null {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const found = NAMES.map((name) => join(folder, name)).find(isExecutable);
    if (found) return found;
  }
  return null;
}

/** Options for a test that needs a browser: skipped with the reason where there is none, but never under CI=true. */
export function needsBrowser(): { skip: string | false } {
  const isMissing = findChromium() === null && process.env.CI !== 'true';
  return { skip: isMissing && 'no Chromium on PATH (set CHROMIUM to its path)' };
}

export type OpenBrowser = { readonly context: BrowserContext; close(): Promise<void> };

/** A headless browser with a fresh profile, gone after `close`. Throws when there is none. */
export async function openBrowser(): Promise<OpenBrowser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('No Chromium on PATH; set CHROMIUM to its path.');
  const profile = mkdtempSync(join(tmpdir(), 'sceneline-browser-'));
  const viewport = { width: 1280, height: 800 };
  const context = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: ARGUMENTS, viewport });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { context, close };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
