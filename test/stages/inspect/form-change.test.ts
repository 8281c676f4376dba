import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFormChange } from '../../../src/stages/inspect/form-change.ts';

const FIRST = { startSeconds: 1.5, sampleRate: 48_000 };
const line = (samples: number | string) =>
  `[Parsed_volumedetect_2 @ 0x5576f308b180] n_samples: ${samples}\n[Parsed_volumedetect_2 @ 0x5576f308b180] mean_volume: -16.0 dB\n`;

test('one filter with samples is one form; the one that ffmpeg only tries has none', () => {
  for (const log of ['', line(0), line(96_000), line(0) + line(96_000)]) assert.equal(readFormChange(log, FIRST), null);
});

test('every further one is a change, and the first says where', () => {
  assert.deepEqual(readFormChange(line(0) + line(96_000) + line(10), FIRST), { atSeconds: 3.5 });
  assert.deepEqual(readFormChange(line(96_000) + line(10) + line(7), FIRST), { atSeconds: 3.5 });
});

test('of a log that may have lost its beginning, no place is told', () => {
  assert.deepEqual(readFormChange(line(96_000).repeat(101), FIRST), { atSeconds: null });
});

test('what is no such line is not read', () => {
  const strange = ['n_samples: 5\n', 'title: [Parsed_volumedetect_2 @ 0x1] n_samples: 5\n', line('-5'), line('5e9'), line('9'.repeat(400)), line('')];
  for (const text of strange) assert.equal(readFormChange(text.repeat(3), FIRST), null, text);
});
