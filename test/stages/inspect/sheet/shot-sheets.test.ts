import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Shot } from '../../../../src/model/shot.ts';
import { formatTime, SHOTS_PER_SHEET, SheetPicture, tileSize } from '../../../../src/stages/inspect/sheet/sheet-picture.ts';
import { shotSheets } from '../../../../src/stages/inspect/sheet/shot-sheets.ts';
import { testFolder } from '../../../support/fake-tool.ts';
import { fileSource } from '../../../support/file-source.ts';
import { inspectFilm } from '../../../support/inspect-film.ts';
import { ffmpeg } from '../../../support/stage-context.ts';

const FRAMES = 190;
/** Shots of two frames each, and one of a single frame at the end. */
const SHOTS: readonly Shot[] = Array.from({ length: 95 }, (_, i) => ({ startFrame: 2 * i, endFrameExclusive: 2 * i + 2, startSeconds: i / 12 })).flatMap(
  (shot) =>
    shot.startFrame === FRAMES - 2
      ? [
          { ...shot, endFrameExclusive: FRAMES - 1 },
          { startFrame: FRAMES - 1, endFrameExclusive: FRAMES, startSeconds: (FRAMES - 1) / 24 },
        ]
      : [shot],
);

/** A film whose every frame has a brightness of its own. */
async function brightnessFilm(path: string): Promise<string> {
  const source = `color=gray:size=128x72:rate=24:duration=${FRAMES / 24},geq=lum='30+N':cb=128:cr=128,format=yuv420p`;
  await ffmpeg(['-f', 'lavfi', '-i', source, '-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '0', '-g', '12', '-bf', '2', path]);
  return path;
}

/** Brightness in the middle of each picture of a sheet, shot by shot. */
async function brightnesses(png: Uint8Array, shots: number, folder: string): Promise<number[]> {
  const [pngPath, rawPath] = [join(folder, 'sheet.png'), join(folder, 'sheet.raw')];
  await writeFile(pngPath, png);
  await ffmpeg(['-i', pngPath, '-f', 'rawvideo', '-pix_fmt', 'rgb24', rawPath]);
  const raw = await readFile(rawPath);
  const layout = new SheetPicture(shots, tileSize({ widthPx: 160, heightPx: 90 }));
  assert.equal(raw.length, layout.rgb.length);
  const found: number[] = [];
  for (let at = 0; at < 2 * shots; at++) {
    layout.rgb.fill(0);
    layout.put(at, { frame: 0, seconds: 0 }, new Uint8Array(192 * 108 * 3).fill(1));
    const middle = layout.rgb.indexOf(1) + (54 * layout.size.widthPx + 96) * 3;
    found.push(raw[middle]);
  }
  return found;
}

test('a sheet has the first and the last frame of each shot, in order, and a long film has several', async (t) => {
  const folder = testFolder(t);
  const path = await brightnessFilm(join(folder, 'film.mp4'));
  const { ctx, inspection } = await inspectFilm(folder, path);
  assert.equal(inspection.frameCount, FRAMES);
  const sheets = [];
  for await (const sheet of shotSheets({ source: fileSource(path).source, inspection: { ...inspection, shots: SHOTS } }, ctx)) sheets.push(sheet);
  assert.deepEqual(
    sheets.map(({ firstShot, endShotExclusive }) => [firstShot, endShotExclusive]),
    [
      [0, SHOTS_PER_SHEET],
      [SHOTS_PER_SHEET, SHOTS.length],
    ],
  );
  for (const { firstShot, endShotExclusive, png } of sheets) {
    const found = await brightnesses(png, endShotExclusive - firstShot, folder);
    const frames = SHOTS.slice(firstShot, endShotExclusive).flatMap((shot) => [shot.startFrame, shot.endFrameExclusive - 1]);
    for (const [i, frame] of frames.entries()) {
      const expected = Math.min(255, ((30 + frame - 16) * 255) / 219);
      assert.ok(Math.abs(found[i] - expected) < 2.5, `frame ${frame}: ${found[i]} instead of ${expected}`);
    }
  }
});

test('pictures fit their box, and times their place', () => {
  assert.deepEqual(tileSize({ widthPx: 160, heightPx: 90 }), { widthPx: 192, heightPx: 108 });
  assert.deepEqual(tileSize({ widthPx: 160, heightPx: 284 }), { widthPx: 82, heightPx: 144 });
  assert.deepEqual(tileSize({ widthPx: 160, heightPx: 2 }), { widthPx: 192, heightPx: 2 });
  assert.deepEqual([0, 12.75, 596.458333, 3599.9996, 3600, 86399.96].map(formatTime), [
    '0:00.000',
    '0:12.750',
    '9:56.458',
    '59:59.999',
    '1:00:00.0',
    '23:59:59.9',
  ]);
});
