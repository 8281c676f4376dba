import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineReader } from '../../../src/media/tool-output/line-reader.ts';
import { JpegSplitter } from '../../../src/stages/inspect/jpeg-splitter.ts';
import { PictureSplitter } from '../../../src/stages/inspect/picture-splitter.ts';
import { seededRandom } from '../../support/mangle-text.ts';

/** Two pictures; a table holds what looks like an end, the scan holds a stuffed byte and a restart marker. */
const FIRST = Buffer.from([0xff, 0xd8, 0xff, 0xdb, 0, 4, 0xff, 0xd9, 0xff, 0xda, 0, 2, 1, 0xff, 0, 2, 0xff, 0xd3, 3, 0xff, 0xd9]);
const SECOND = Buffer.from([0xff, 0xd8, 0xff, 0xda, 0, 3, 9, 7, 0xff, 0xd9]);

function splitJpegs(bytes: Uint8Array, step: number): Uint8Array[] {
  const pictures: Uint8Array[] = [];
  const splitter = new JpegSplitter((jpeg) => pictures.push(jpeg));
  for (let at = 0; at < bytes.length; at += step) splitter.write(bytes.subarray(at, at + step));
  splitter.end();
  return pictures;
}

test('JPEG pictures are parted at their real ends, whatever the pieces', () => {
  for (let step = 1; step < 40; step++) {
    assert.deepEqual(
      splitJpegs(Buffer.concat([FIRST, SECOND]), step).map((jpeg) => Buffer.from(jpeg)),
      [FIRST, SECOND],
    );
  }
});

test('a cut, flipped or foreign stream of JPEGs is refused or read, never hangs', () => {
  const bytes = Buffer.concat([FIRST, SECOND]);
  for (let length = 1; length < bytes.length; length++) {
    if (length === FIRST.length) continue;
    assert.throws(() => splitJpegs(bytes.subarray(0, length), 5), RangeError);
  }
  const random = seededRandom(3);
  for (let i = 0; i < 3000; i++) {
    const flipped = Buffer.from(bytes);
    for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips--) flipped[Math.floor(random() * flipped.length)] ^= 1 << Math.floor(random() * 8);
    try {
      splitJpegs(flipped, 9);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
});

test('a JPEG without end does not fill the memory', () => {
  const splitter = new JpegSplitter(() => {});
  splitter.write(FIRST.subarray(0, 12));
  assert.throws(() => {
    for (let i = 0; i < 100; i++) splitter.write(Buffer.alloc(65_536, 1));
  }, RangeError);
});

test('pictures of one size are cut whatever the pieces', () => {
  const bytes = Uint8Array.from({ length: 30 }, (_, i) => i);
  for (let step = 1; step <= 30; step++) {
    const seen: number[][] = [];
    const splitter = new PictureSplitter(6, (picture) => seen.push([...picture]));
    for (let at = 0; at < bytes.length; at += step) splitter.write(bytes.subarray(at, at + step));
    splitter.end();
    assert.deepEqual(seen.flat(), [...bytes]);
    assert.equal(seen.length, 5);
  }
  const splitter = new PictureSplitter(6, () => {});
  splitter.write(bytes.subarray(0, 7));
  assert.throws(() => splitter.end(), RangeError);
});

test('lines are cut whatever the pieces, and bounded', () => {
  for (const step of [1, 2, 3, 100]) {
    const lines: string[] = [];
    const reader = new LineReader((line) => lines.push(line), 10);
    const text = Buffer.from('one\ntwo\r\n\nlast');
    for (let at = 0; at < text.length; at += step) reader.write(text.subarray(at, at + step));
    reader.end();
    assert.deepEqual(lines, ['one', 'two', '', 'last']);
  }
  assert.throws(() => new LineReader(() => {}, 10).write(Buffer.from('a line that is too long\n')), RangeError);
});
