import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodedFrameCheck } from '../../../../src/stages/encode/video/decoded-frames.ts';

const hash = (i: number) => new Uint8Array(16).fill(i);
const expected = [10, 20, 30].map((ptsTicks, i) => ({ ptsTicks, hash: hash(i), isDamaged: i === 1 }));
const line = (pts: number, i: number) => `0, ${pts}, ${pts}, 10, 1382400, ${Buffer.from(hash(i)).toString('hex')}\n`;
const good = `#format: frame checksums\n#tb 0: 1/1000\n${line(10, 0)}${line(20, 1)}${line(30, 2)}`;

function run(text: string, pieceBytes: number): DecodedFrameCheck {
  const check = new DecodedFrameCheck(expected, false);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) check.push(bytes.subarray(at, at + pieceBytes));
  return check;
}

test('the right frames pass, however the text is cut', () => {
  for (const size of [1, 7, 64, 4096]) assert.equal(run(good, size).finish(), null);
});

test('each kind of difference is named with its place', () => {
  assert.deepEqual(run(good.replace(line(20, 1), line(21, 1)), 64).finish(), { position: 1, reason: 'time 21 instead of 20' });
  assert.equal(run(good.replace(line(20, 1), line(20, 7)), 64).finish()?.position, 1);
  assert.equal(run(good.replace(line(30, 2), ''), 64).finish()?.reason, '2 frames decoded instead of 3');
  assert.equal(run(`${good}${line(40, 3)}`, 64).finish()?.position, 3);
});

test('a difference is known while the process runs', () => {
  const check = new DecodedFrameCheck(expected, false);
  assert.equal(check.push(Buffer.from(line(10, 0))), true);
  assert.equal(check.push(Buffer.from(line(20, 5))), false);
});

test('rubbish is a difference, never an exception or endless memory', () => {
  const check = new DecodedFrameCheck(expected, false);
  for (let i = 0; i < 100; i++) check.push(Buffer.alloc(1000, 65));
  assert.notEqual(check.finish(), null);
  assert.notEqual(run('\n\n,,,,,,\n', 3).finish(), null);
});

test('from the beginning of the source a damaged picture may be another one, at its own time', () => {
  const other = good.replace(line(20, 1), line(20, 7));
  const tolerant = (text: string) => {
    const check = new DecodedFrameCheck(expected, true);
    check.push(Buffer.from(text));
    return check.finish();
  };
  assert.equal(tolerant(other), null);
  assert.equal(tolerant(good.replace(line(20, 1), line(21, 1)))?.position, 1);
  assert.equal(tolerant(good.replace(line(30, 2), line(30, 7)))?.position, 2);
});
