import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Report } from '../../../src/model/report.ts';
import { rungViews, worstFrames } from '../../../src/roles/report/film.ts';
import { html } from '../../../src/roles/report/html.ts';
import { reportPage } from '../../../src/roles/report/page.ts';
import { needsBrowser, openBrowser } from '../../support/browser.ts';
import { exampleReport } from '../../support/example-report.ts';
import { testFolder } from '../../support/fake-tool.ts';

const EVIL = `"'><script>document.title='run'</script><img src=x onerror="document.title='run'">\u202e\u0000\u001b[31m{{}}\${1}`;
/** One grey pixel. */
const JPEG = Buffer.from(
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAv/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z',
  'base64',
);

type Seen = { readonly width: number; readonly pictures: readonly number[]; readonly ground: string; readonly lines: readonly number[] };

/** Runs in the page. */
const LOOK = `({
  width: document.documentElement.scrollWidth,
  pictures: [...document.images].map((image) => image.naturalWidth),
  ground: getComputedStyle(document.body).backgroundColor,
  lines: [...document.querySelectorAll('path.line')].map((line) => line.getBoundingClientRect().width),
})`;

/** A title whose every text is hostile. */
function report(shotCount: number, evil = EVIL): Report {
  const seconds = shotCount * 2;
  const shots = Array.from({ length: shotCount }, (_, i) => ({ startFrame: i * 48, endFrameExclusive: i * 48 + 48, startSeconds: i * 2 }));
  const pictures = Array.from({ length: seconds }, (_, i) => ({ frame: i * 24 + 12, seconds: i + 0.5, ssim: 0.99 - (i % 7) / 100, vmaf: 95 - (i % 5) }));
  const spread = { ssim: { mean: 0.96, worst: 0.93 }, vmaf: { mean: 93, worst: 91 } };
  const quality = { chunks: 1, chunksWithoutScore: 0, ...spread, shots: shots.map((shot) => ({ ...shot, pictures: 2, ...spread })), pictures };
  const segments = shots.map((_, i) => ({ sizeBytes: 100_000 + 1000 * (i % 9), startTicks: i * 2000, durationTicks: 2000 }));
  const facts = { title: evil, durationSeconds: seconds, video: { widthPx: evil, heightPx: 1080, codec: evil } };
  const rendition = (name: string, picturesFrom: string | null) => ({
    ...{ name, file: `${name}.mp4`, container: 'mp4' as const, codec: evil, width: 1920, height: 1080, frames: 24 * seconds, bytes: 1e6, sha256: evil },
    ...{ bitsPerSecond: 4e6, recipe: { picturesFrom }, validation: { joins: evil, pictures: { compared: 3 }, audio: [] }, quality },
  });
  return exampleReport({
    title: evil,
    source: { ...exampleReport().source, path: `/films/${evil}`, sha256: evil, frames: 24 * seconds, facts },
    findings: [{ code: evil, severity: 'warn', place: { startSeconds: 3 }, message: evil }],
    shots,
    renditions: [rendition('1080p', null), rendition(evil, null), rendition('apple', '1080p')],
    package: {
      ...exampleReport().package,
      tracks: [
        { name: '1080p', kind: 'video', timescale: 1000, segments },
        { name: evil, kind: 'video', timescale: -1 },
      ],
    },
  });
}

function page(title: Report): string {
  const frames = worstFrames(title, rungViews(title));
  return reportPage(
    title,
    frames.map((frame) => ({ ...frame, master: JPEG, encoded: frame.scores.map(() => JPEG), detail: { master: JPEG, encoded: JPEG } })),
  );
}

test('what files say is text on the page, and what steers or misleads is made visible', () => {
  const text = page(report(5));
  assert.ok(!text.includes('<script') && !text.includes('<img src=x'));
  for (const mark of ['\u202e', '\u0000', '\u001b']) assert.ok(!text.includes(mark));
  assert.ok(text.includes('&lt;script&gt;') && text.includes('\\u{202e}'));
  const unquoted = text.replace(/<style>.*?<\/style>/s, '').replace(/="[^"]*"/g, '=""');
  assert.deepEqual(
    [...unquoted.matchAll(/<[a-z][^>]*>/g)].filter(([tag]) => /\son\w+=/.test(tag)),
    [],
  );
  assert.equal(html`<b title="${'"<&>\''}">${['a', html`<i>${1}</i>`, null]}</b>`.text, '<b title="&quot;&lt;&amp;&gt;&#39;">a<i>1</i></b>');
});

test('a title of another kind has a page as well: nothing scored, no shots, no segments, no cost', () => {
  const text = reportPage(exampleReport(), []);
  assert.ok(text.includes('None: nothing in the master') && !text.includes('NaN') && !text.includes('Infinity'));
  const { quality: _, ...unscored } = report(2).renditions[0];
  assert.ok(reportPage(exampleReport({ renditions: [unscored] }), []).includes('made before pictures were scored'));
});

test('shots and findings stand where their pictures are, also when these begin after the sound', () => {
  const text = page({ ...report(5, 'late'), plan: { videoStartTicks: 48, audio: [], text: [] } });
  assert.deepEqual(new Set([...text.matchAll(/class="border" d="M([\d.]+) /g)].map(([, x]) => x)), new Set(['400', '600', '800', '1000']));
  assert.ok(text.includes('<title>Shot 1, 0:02 to 0:04 ') && text.includes('<td class="n">2</td><td class="n">0:04</td>'));
  assert.match(text, /<small>late .* at 0:05<\/small>/);
});

test('a film of three hours and five thousand shots stays a small page', () => {
  const long = page(report(5400, 'long'));
  assert.ok(long.length < 2_000_000, `${long.length} bytes`);
  assert.ok(!long.includes('NaN'));
});

test('the worst frames are of different shots for each rung, and one that is worst for several stands once', () => {
  const title = report(40);
  const frames = worstFrames(title, rungViews(title));
  assert.ok(frames.length >= 3 && frames.length <= 8);
  assert.equal(new Set(frames.map(({ frame }) => frame)).size, frames.length);
  assert.equal(frames.flatMap(({ scores }) => scores).filter(({ rendition }) => rendition.name === '1080p').length, 3);
  for (const { scores } of frames) assert.ok(scores.every(({ picture }) => picture.ssim < 0.9301));
});

test('a browser shows it at desk and phone size without asking for anything, running anything or scrolling sideways', needsBrowser(), async (t) => {
  const path = join(testFolder(t), 'page.html');
  writeFileSync(path, page(report(30)));
  const { context, close } = await openBrowser();
  t.after(close);
  const asked: string[] = [];
  context.on('request', (request) => asked.push(request.url()));
  const tab = await context.newPage();
  const complaints: string[] = [];
  tab.on('console', (message) => complaints.push(message.text()));
  tab.on('pageerror', (error) => complaints.push(error.message));
  for (const [width, height, colorScheme] of [
    [1280, 800, 'light'],
    [390, 844, 'dark'],
  ] as const) {
    await tab.setViewportSize({ width, height });
    await tab.emulateMedia({ colorScheme });
    await tab.goto(pathToFileURL(path).href);
    assert.notEqual(await tab.title(), 'run');
    const seen = await tab.evaluate<Seen>(LOOK);
    assert.equal(seen.width, width);
    assert.ok(seen.pictures.length > 0 && seen.pictures.every((natural) => natural === 1));
    assert.equal(seen.ground === 'rgb(16, 19, 24)', colorScheme === 'dark');
    assert.ok(seen.lines.some((drawn) => drawn > width / 2));
  }
  assert.deepEqual(
    asked.filter((url) => !url.startsWith('data:') && url !== pathToFileURL(path).href),
    [],
  );
  assert.deepEqual(complaints, []);
});
