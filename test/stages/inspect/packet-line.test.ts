import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileInput } from '../../../src/model/media-input.ts';
import { packetListingArgs, parsePacketLine } from '../../../src/stages/inspect/packet-line.ts';
import { mangledTexts } from '../../support/mangle-text.ts';

test('a packet line gives time, duration and flags', () => {
  assert.deepEqual(parsePacketLine('1024,-512,512,K_'), { ptsTicks: 1024, durationTicks: 512, isKey: true, isDiscarded: false, isEncrypted: false });
  assert.deepEqual(parsePacketLine('-7680,-8704,512,_D_'), { ptsTicks: -7680, durationTicks: 512, isKey: false, isDiscarded: true, isEncrypted: false });
  assert.deepEqual(parsePacketLine('N/A,0,N/A,__'), { ptsTicks: null, durationTicks: 0, isKey: false, isDiscarded: false, isEncrypted: false });
});

test('side data on the line is looked at only for encryption', () => {
  assert.equal(parsePacketLine('2002,0,1001,K_,Encryption info')!.isEncrypted, true);
  assert.equal(parsePacketLine('-154592,-160598,3003,K_,MPEGTS Stream ID')!.isEncrypted, false);
  assert.equal(parsePacketLine('-154592,-160598,3003,K_,')!.isKey, true);
});

test('lines between packets that hold nothing or side data are passed over', () => {
  for (const line of ['', ',', 'Skip Samples', 'MPEGTS Stream ID,']) assert.equal(parsePacketLine(line), null);
});

test('anything else is refused', () => {
  for (const line of [
    '1,2,3,X_',
    '1e5,2,3,K_',
    '1,2,3,K_KK',
    '0x10,2,3,K_',
    '99999999999999999999,0,1,K_',
    '9007199254740993,0,1,K_',
    '1,zwei,3,K_',
    '\u0000',
  ]) {
    assert.throws(() => parsePacketLine(line), RangeError, line);
  }
});

test('hostile lines are a packet, nothing, or a RangeError', () => {
  for (const line of mangledTexts('-154592,-160598,3003,K_,MPEGTS Stream ID', 2000)) {
    try {
      const packet = parsePacketLine(line);
      assert.ok(packet === null || packet.ptsTicks === null || Number.isSafeInteger(packet.ptsTicks));
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
});

test('the listing reads local files of known containers only', () => {
  const args = packetListingArgs(fileInput('/films/a b.mp4'), 3);
  assert.equal(args[args.indexOf('-protocol_whitelist') + 1], 'file');
  assert.equal(args.at(-1), 'file:/films/a b.mp4');
  const formats = args[args.indexOf('-format_whitelist') + 1].split(',');
  for (const bad of ['hls', 'concat', 'image2', 'dash', 'sdp', 'rtsp', 'ffmetadata']) assert.ok(!formats.includes(bad), bad);
});
