import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWebVtt } from '../../../src/media/webvtt/cues.ts';
import { cellSize, storeThumbnails, thumbnailCues } from '../../../src/stages/package/thumbnails.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { FLASH_FILM } from '../../support/flash-film.ts';
import { stageContext } from '../../support/stage-context.ts';
import { makeThumbnails } from '../../support/title-folder.ts';
import { examplePresentation } from '../../support/tracks.ts';

test('cells are 160 pixels wide, even, and as high as the picture asks', () => {
  assert.deepEqual(cellSize({ widthPx: 320, heightPx: 180 }), { widthPx: 160, heightPx: 90 });
  assert.deepEqual(cellSize({ widthPx: 320, heightPx: 134 }), { widthPx: 160, heightPx: 68 });
  assert.deepEqual(cellSize({ widthPx: 90, heightPx: 160 }), { widthPx: 160, heightPx: 284 });
  assert.deepEqual(cellSize({ widthPx: 4000, heightPx: 2 }), { widthPx: 160, heightPx: 2 });
});

test('cues name sheet and cell, go on into the next sheet, and end with the title', () => {
  const sheets = { ...examplePresentation().thumbnails!, intervalSeconds: 2, count: 27 };
  const cues = thumbnailCues(sheets, 55);
  assert.deepEqual(
    [cues[0], cues[6], cues[24], cues[26]],
    [
      { startMs: 0, endMs: 2000, payload: 'thumbnails-001.jpg#xywh=0,0,160,90' },
      { startMs: 12_000, endMs: 14_000, payload: 'thumbnails-001.jpg#xywh=160,90,160,90' },
      { startMs: 48_000, endMs: 50_000, payload: 'thumbnails-001.jpg#xywh=640,360,160,90' },
      { startMs: 52_000, endMs: 55_000, payload: 'thumbnails-002.jpg#xywh=160,0,160,90' },
    ],
  );
  assert.equal(thumbnailCues(sheets, 51).length, 26);
});

test('sheets are the same bytes every time, and as many as the pictures need', async (t) => {
  const folder = testFolder(t);
  const film = { ...FLASH_FILM, seconds: 27 };
  const source = await makeThumbnails(film, await stageContext(folder));
  const [first, second] = [await storeThumbnails(source, 27, await stageContext(folder)), await storeThumbnails(source, 27, await stageContext(folder))];
  assert.deepEqual(
    first?.files.map(({ file }) => file),
    ['thumbnails-0001.jpg', 'thumbnails-0002.jpg'],
  );
  assert.deepEqual(
    first?.files.map(({ sha256 }) => sha256),
    second?.files.map(({ sha256 }) => sha256),
  );
  assert.equal(parseWebVtt(first?.vtt ?? '').length, 27);
  assert.equal(first?.sheets.maxSheetBytes, Math.max(...(first?.files ?? []).map(({ sizeBytes }) => sizeBytes)));
});

test('no pictures, no sheets; fewer pictures than promised is a failure', async (t) => {
  const folder = testFolder(t);
  const source = await makeThumbnails({ ...FLASH_FILM, seconds: 3 }, await stageContext(folder));
  assert.equal(await storeThumbnails({ ...source, frames: [] }, 3, await stageContext(folder)), null);
  const promised = { ...source, frames: Array.from({ length: 60 }, (_, i) => i) };
  await assert.rejects(storeThumbnails(promised, 60, await stageContext(folder)), { code: 'SL-301', message: '60 thumbnails made 1 sheets instead of 3.' });
});
