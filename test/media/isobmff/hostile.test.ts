import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memorySource } from '../../../src/media/isobmff/byte-source.ts';
import { parseSidx } from '../../../src/media/isobmff/sidx.ts';
import { u32 } from '../../../src/media/isobmff/write-boxes.ts';
import { seededRandom } from '../../support/mangle-text.ts';
import { cmafFixture, indexOfBox, progressiveFixture, readAllSamples } from './fixture.ts';

const FLIPPED_FILES = 3000;

/** Reads all; anything but a RangeError is a failure of the reader. Returns what was read, or null. */
async function readOrRefuse(bytes: Uint8Array): Promise<number | null> {
  try {
    return (await readAllSamples(memorySource(bytes))).flat().length;
  } catch (error) {
    assert.ok(error instanceof RangeError, `${error}`);
    return null;
  }
}

test('a progressive file cut anywhere is refused', async () => {
  const file = await progressiveFixture();
  assert.equal(await readOrRefuse(file), 10);
  for (let end = 0; end < file.byteLength; end++) assert.equal(await readOrRefuse(file.subarray(0, end)), null, `cut at ${end}`);
});

test('a fragmented file cut anywhere is refused or read up to a whole fragment', async () => {
  const file = await cmafFixture();
  assert.equal(await readOrRefuse(file), 6);
  for (let end = 0; end < file.byteLength; end++) {
    const count = await readOrRefuse(file.subarray(0, end));
    assert.ok(count === null || count === 0 || count === 3, `cut at ${end}: ${count} samples`);
  }
});

test('flipped bytes are refused or read as something, always soon', async () => {
  const random = seededRandom(7);
  for (const file of [await progressiveFixture(), await cmafFixture()]) {
    for (let i = 0; i < FLIPPED_FILES; i++) {
      const bytes = Uint8Array.from(file);
      for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips--) bytes[Math.floor(random() * bytes.byteLength)] = Math.floor(random() * 256);
      await readOrRefuse(bytes);
    }
  }
});

test('huge counts in every table are refused before they cost anything', async () => {
  const file = await progressiveFixture();
  for (const [type, countAt] of Object.entries({ stts: 12, ctts: 12, stss: 12, stsc: 12, stco: 12, stsz: 16, elst: 12, stsd: 12 })) {
    for (const count of [0x7fffffff, 0xffffffff]) {
      const bytes = Uint8Array.from(file);
      bytes.set(u32(count), indexOfBox(bytes, type) + countAt);
      assert.equal(await readOrRefuse(bytes), null, `${type} with ${count} entries`);
    }
  }
  const constantSize = Uint8Array.from(file);
  constantSize.set(u32(1), indexOfBox(constantSize, 'stsz') + 12);
  constantSize.set(u32(0xffffffff), indexOfBox(constantSize, 'stsz') + 16);
  assert.equal(await readOrRefuse(constantSize), null);
  const longRun = Uint8Array.from(file);
  longRun.set(u32(0xffffffff), indexOfBox(longRun, 'stts') + 16);
  assert.equal(await readOrRefuse(longRun), null);
  const fragments = await cmafFixture();
  for (const count of [0x7fffffff, 0xffffffff]) {
    const bytes = Uint8Array.from(fragments);
    bytes.set(u32(count), indexOfBox(bytes, 'trun') + 12);
    assert.equal(await readOrRefuse(bytes), null);
  }
});

test('a segment index cut anywhere is refused', async () => {
  const file = await cmafFixture();
  const start = indexOfBox(file, 'sidx');
  const body = file.subarray(start + 8, start + new DataView(file.buffer, file.byteOffset).getUint32(start));
  assert.equal(parseSidx(body).references.length, 2);
  for (let end = 0; end < body.byteLength; end++) assert.throws(() => parseSidx(body.subarray(0, end)), RangeError);
});
