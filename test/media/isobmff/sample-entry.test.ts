import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childBoxes } from '../../../src/media/isobmff/boxes.ts';
import { finishSampleEntry, readSampleEntry, sampleEntryIdentity } from '../../../src/media/isobmff/sample-entry.ts';
import { box, bytesOf, concat, u8, u16, u32 } from '../../../src/media/isobmff/write-boxes.ts';
import { seededRandom } from '../../support/mangle-text.ts';
import { AAC_ENTRY, AVC_ENTRY, AVCC, audioEntry, ESDS, visualEntry } from './fixture.ts';

const childTypes = (entry: Uint8Array, fixed: number): string[] => childBoxes(entry, fixed).map((it) => it.type);
const BTRT = box('btrt', u32(1), u32(2), u32(3));
const BT2020 = box('colr', bytesOf('nclx'), u16(9), u16(16), u16(9), u8(0));

test('an entry says what a player has to know', () => {
  const { kind, family, codec, widthPx, heightPx } = readSampleEntry(AVC_ENTRY);
  assert.deepEqual({ kind, family, codec, widthPx, heightPx }, { kind: 'video', family: 'h264', codec: 'avc1.64001f', widthPx: 320, heightPx: 180 });
  const sound = readSampleEntry(AAC_ENTRY);
  assert.deepEqual([sound.kind, sound.codec, sound.channels], ['audio', 'mp4a.40.2', 2]);
});

test('a finished entry has square pixels and BT.709 where nothing was said, and no bit rates', () => {
  const bare = finishSampleEntry(visualEntry('avc1', box('avcC', AVCC), BTRT));
  assert.deepEqual(childTypes(bare, 86), ['avcC', 'pasp', 'colr']);
  const colr = childBoxes(bare, 86)[2];
  assert.deepEqual(bare.subarray(colr.bodyStart, colr.endExclusive), concat([bytesOf('nclx'), u16(1), u16(1), u16(1), u8(0)]));
  const told = visualEntry('avc1', box('avcC', AVCC), BT2020, box('pasp', u32(1), u32(1)));
  assert.deepEqual(finishSampleEntry(told), told);
  assert.deepEqual(finishSampleEntry(audioEntry(box('esds', ESDS), BTRT)), AAC_ENTRY);
});

test('an HDR track has its own colour and the light of its master, and says its range', () => {
  const point = (x: number, y: number) => ({ x, y });
  const mastering = { red: point(34_000, 16_000), green: point(13_250, 34_500), blue: point(7_500, 3_000), white: point(15_635, 16_450) };
  const light = { mastering: { ...mastering, maxLuminance: 10_000_000, minLuminance: 50 }, content: { maxCll: 1000, maxFall: 400 } };
  const BT709 = box('colr', bytesOf('nclx'), u16(1), u16(1), u16(1), u8(0));
  const entry = finishSampleEntry(visualEntry('avc1', box('avcC', AVCC), BT709), { range: 'PQ', light });
  assert.deepEqual(childTypes(entry, 86), ['avcC', 'pasp', 'colr', 'mdcv', 'clli']);
  const bodyOf = (at: number) => {
    const { bodyStart, endExclusive } = childBoxes(entry, 86)[at];
    return entry.subarray(bodyStart, endExclusive);
  };
  assert.deepEqual(bodyOf(2), concat([bytesOf('nclx'), u16(9), u16(16), u16(9), u8(0)]));
  const points = [13_250, 34_500, 7_500, 3_000, 34_000, 16_000, 15_635, 16_450].map(u16);
  assert.deepEqual(bodyOf(3), concat([...points, u32(10_000_000), u32(50)]));
  assert.deepEqual(bodyOf(4), concat([u16(1000), u16(400)]));
  assert.equal(readSampleEntry(entry).videoRange, 'PQ');
  const hlg = finishSampleEntry(AVC_ENTRY, { range: 'HLG', light: null });
  assert.deepEqual([childTypes(hlg, 86), readSampleEntry(hlg).videoRange], [['avcC', 'pasp', 'colr'], 'HLG']);
  assert.deepEqual([readSampleEntry(AVC_ENTRY).videoRange, readSampleEntry(AAC_ENTRY).videoRange], [null, null]);
});

test('identity ignores bit rates and nothing else', () => {
  const other = Uint8Array.from(AVCC);
  other[other.length - 1] ^= 1;
  assert.equal(sampleEntryIdentity(visualEntry('avc1', box('avcC', AVCC), BTRT)), sampleEntryIdentity(AVC_ENTRY));
  assert.notEqual(sampleEntryIdentity(visualEntry('avc1', box('avcC', other))), sampleEntryIdentity(AVC_ENTRY));
  assert.notEqual(sampleEntryIdentity(visualEntry('avc1', box('avcC', AVCC), BT2020)), sampleEntryIdentity(AVC_ENTRY));
});

test('hostile entries are refused', () => {
  const random = seededRandom(5);
  for (const entry of [AVC_ENTRY, AAC_ENTRY]) {
    for (let end = 0; end < entry.byteLength; end++) assert.throws(() => readSampleEntry(entry.subarray(0, end)), RangeError);
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from(entry);
      bytes[Math.floor(random() * bytes.byteLength)] = Math.floor(random() * 256);
      try {
        readSampleEntry(bytes).isIdr(bytes);
        finishSampleEntry(bytes);
      } catch (error) {
        assert.ok(error instanceof RangeError, `${error}`);
      }
    }
  }
  assert.throws(() => readSampleEntry(visualEntry('vp09')), /vp09/);
  assert.throws(() => readSampleEntry(visualEntry('avc1')), /avcC/);
});
