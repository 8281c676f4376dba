import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VideoTrack } from '../../../src/model/source.ts';
import { selectExpression, ThumbnailPicker, thumbnailSize } from '../../../src/stages/inspect/thumbnail-picks.ts';
import { ThumbnailStrip } from '../../../src/stages/inspect/thumbnail-strip.ts';

const TENTHS = { num: 1, den: 10 };

function strip(zero: number | null, picks: readonly number[], end: number) {
  const made = new ThumbnailStrip(zero, TENTHS);
  const written: number[] = [];
  let last = -1;
  for (const ptsTicks of picks) {
    const { before, own } = made.add({ ptsTicks, sizeBytes: 1, content: null });
    for (let i = 0; i < before; i++) written.push(last);
    for (let i = 0; i < own; i++) written.push(ptsTicks);
    if (own > 0) last = ptsTicks;
  }
  for (let i = made.finish(end); i > 0; i--) written.push(last);
  assert.deepEqual(written, made.ptsTicks, 'pictures are written in the order of the frames');
  return written;
}

test('the first frame of every five seconds is picked', () => {
  const picker = new ThumbnailPicker(null, TENTHS);
  assert.deepEqual(
    [3, 13, 52, 53, 60, 103, 152, 153].filter((pts) => picker.isPicked(pts)),
    [3, 53, 103, 153],
  );
  const late = new ThumbnailPicker(3, TENTHS);
  assert.deepEqual(
    [60, 102, 103].filter((pts) => late.isPicked(pts)),
    [60, 103],
  );
});

test('the filter is told the same in whole ticks', () => {
  assert.equal(
    selectExpression(-1890, { num: 1, den: 90_000 }),
    'isnan(prev_selected_pts)+gt(floor((pts-(-1890))/450000)\\,floor((prev_selected_pts-(-1890))/450000))',
  );
  assert.match(selectExpression(null, { num: 1001, den: 30_000 }), /floor\(\(pts-start_pts\)\/149\.85014985014985\)/);
});

test('a strip has one picture per interval, however the film was parted', () => {
  assert.deepEqual(strip(0, [0, 50, 100], 120), [0, 50, 100]);
  assert.deepEqual(strip(0, [0, 50, 80, 100], 120), [0, 50, 100], 'a range that starts at 80 has no say in the interval of 50');
  assert.deepEqual(strip(0, [0, 210], 300), [0, 0, 0, 0, 210, 210], 'the picture before stays where nothing new comes');
  assert.deepEqual(strip(0, [130], 160), [130, 130, 130, 130], 'damage at the start');
  assert.deepEqual(strip(null, [7, 57], 60), [7, 57]);
  assert.deepEqual(strip(0, [], 100), []);
});

test('a file whose times jump by years does not make a strip without end', () => {
  const made = new ThumbnailStrip(0, TENTHS);
  made.add({ ptsTicks: 0, sizeBytes: 1, content: null });
  assert.deepEqual(made.add({ ptsTicks: 2 ** 50, sizeBytes: 1, content: null }), { before: 0, own: 0 });
  assert.ok(made.finish(2 ** 50) < 20_000);
});

test('thumbnails are upright, with square pixels', () => {
  const video = { widthPx: 1920, heightPx: 1080, sampleAspect: { num: 1, den: 1 }, rotationDegrees: 0 } as VideoTrack;
  assert.deepEqual(thumbnailSize(video), { widthPx: 160, heightPx: 90 });
  assert.deepEqual(thumbnailSize({ ...video, rotationDegrees: 90 }), { widthPx: 160, heightPx: 284 });
  assert.deepEqual(thumbnailSize({ ...video, widthPx: 720, heightPx: 576, sampleAspect: { num: 16, den: 15 } }), { widthPx: 160, heightPx: 120 });
  assert.deepEqual(thumbnailSize({ ...video, widthPx: 16, heightPx: 16_000 }), { widthPx: 160, heightPx: 720 });
});
