import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CaptionData } from '../../../src/media/captions/cea708.ts';
import { bytesOf, defineWindow, display, hide, italic, packet, penAt, readCea708 } from '../../support/cea708.ts';

const at = (ptsMs: number, ...bytes: readonly (readonly number[])[]): CaptionData => ({ ptsMs, triplets: Uint8Array.from(packet({ bytes: bytes.flat() })) });
const texts = (data: readonly CaptionData[]) => readCea708(data).map(({ startMs, endMs, payload }) => [startMs, endMs, payload]);

describe('what is seen', () => {
  test('a caption is built out of sight, shown, and taken away', () => {
    const cues = readCea708([
      at(0, defineWindow(0), bytesOf('Good <evening>')),
      at(1000, display(0)),
      at(2500, hide(0)),
      at(3000, display(0)),
      at(4000, [0x8f]),
    ]);
    const settings = 'line:84% position:50%';
    assert.deepEqual(cues, [
      { startMs: 1000, endMs: 2500, payload: 'Good &lt;evening&gt;', settings },
      { startMs: 3000, endMs: 4000, payload: 'Good &lt;evening&gt;', settings },
    ]);
  });

  test('two windows are two cues, each in its place', () => {
    const top = defineWindow(3, { isVisible: true, anchorPercent: 5, anchorPoint: 0 });
    const cues = readCea708([at(0, defineWindow(1, { isVisible: true }), bytesOf('below'), top, bytesOf('above')), at(900, [0x8c, 0b10]), at(1000)]);
    assert.deepEqual(cues, [
      { startMs: 0, endMs: 900, payload: 'below', settings: 'line:84% position:50%' },
      { startMs: 0, endMs: 1000, payload: 'above', settings: 'line:5% position:50% align:left' },
    ]);
  });

  test('a line that is written letter by letter is one cue; a new line is another, and the first moves up', () => {
    const rollUp = defineWindow(0, { isVisible: true, rows: 2 });
    const data = [at(0, rollUp, bytesOf('on')), at(100, bytesOf('e')), at(200, [0x0d], bytesOf('two')), at(300, [0x0d], bytesOf('three')), at(400)];
    assert.deepEqual(texts(data), [
      [0, 200, 'one'],
      [200, 300, 'one\ntwo'],
      [300, 400, 'two\nthree'],
    ]);
  });

  test('the pen moves, erases, writes in italics and in the extended set', () => {
    const window = defineWindow(0, { isVisible: true, rows: 3 });
    const written = [window, penAt(1, 2), italic(true), bytesOf('ab'), italic(false), bytesOf('c'), [0x08], bytesOf('d'), [0x10, 0x39, 0x7f]];
    assert.deepEqual(texts([at(0, ...written), at(50, [0x0e], bytesOf('x')), at(70, [0x0c]), at(90)]), [
      [0, 50, '  <i>ab</i>d™♪'],
      [50, 70, 'x'],
    ]);
  });

  test('what stands beyond the last column is written over it, and a smaller window keeps what fits', () => {
    const [wide, narrow] = [defineWindow(0, { isVisible: true, columns: 4 }), defineWindow(0, { isVisible: true, columns: 2 })];
    assert.deepEqual(texts([at(0, wide, bytesOf('abcdef')), at(50, narrow), at(90)]), [
      [0, 50, 'abcf'],
      [50, 90, 'ab'],
    ]);
  });
});

describe('packets', () => {
  const shown = [...defineWindow(0, { isVisible: true }), ...bytesOf('yes')];

  test('other services, numbered beyond six or not, are passed over', () => {
    const other = [...defineWindow(0, { isVisible: true }), ...bytesOf('no')];
    const triplets = packet({ service: 2, bytes: other }, { service: 9, bytes: other }, { bytes: shown });
    assert.deepEqual(texts([{ ptsMs: 0, triplets: Uint8Array.from(triplets) }, at(10)]), [[0, 10, 'yes']]);
  });

  test('a packet goes on beside the next picture, between captions of CEA-608 and padding', () => {
    const triplets = packet({ bytes: shown });
    const field = [0xfc, 0x94, 0x20];
    const padding = [0xf8, 0x41, 0x41];
    const pieces = [
      [...field, ...triplets.slice(0, 6), ...padding],
      [...field, ...triplets.slice(6)],
    ];
    assert.deepEqual(texts([...pieces.map((bytes, i) => ({ ptsMs: 40 * i, triplets: Uint8Array.from(bytes) })), at(80)]), [[40, 80, 'yes']]);
  });

  test('a command may go on in the next block; a packet that is begun anew is forgotten', () => {
    const definition = defineWindow(0, { isVisible: true });
    const cut = [at(0, definition.slice(0, 3)), at(10, definition.slice(3), bytesOf('a')), at(20)];
    assert.deepEqual(texts(cut), [[10, 20, 'a']]);
    const unended = Uint8Array.from(packet({ bytes: shown }).slice(0, 9));
    assert.deepEqual(texts([{ ptsMs: 0, triplets: unended }, at(10, definition, bytesOf('b')), at(20)]), [[10, 20, 'b']]);
  });

  test('commands that are not shown take their parameters along', () => {
    const ignored = [
      [0x97, 1, 2, 3, 4],
      [0x91, 1, 2, 3],
      [0x8d, 9],
      [0x8e],
      [0x18, 1, 2],
      [0x11, 1],
      [0x10, 0x1f, 1, 2, 3],
      [0x10, 0x88, 1, 2, 3, 4, 5],
      [0x10, 0x90, 2, 1, 2],
    ];
    for (const command of ignored) {
      assert.deepEqual(texts([at(0, defineWindow(0, { isVisible: true }), command, bytesOf('a')), at(5)]), [[0, 5, 'a']], command.join(' '));
    }
  });
});

test('nothing, and text for no window, give no cues', () => {
  assert.deepEqual(readCea708([]), []);
  assert.deepEqual(texts([at(0, bytesOf('lost')), at(0, [0x85, 0x89, 0xff]), at(10)]), []);
});

test('captions of more cues than a film has are refused', () => {
  const blinking = function* () {
    for (let ms = 0; ms < 500_000; ms++) yield at(ms, ms === 0 ? [...defineWindow(0), ...bytesOf('a')] : [0x8b, 1]);
  };
  assert.throws(() => readCea708(blinking()), /too many cues/);
});
