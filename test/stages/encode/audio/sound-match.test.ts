import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnvelopeReader } from '../../../../src/stages/encode/audio/envelope.ts';
import { judgeGain, judgeSound } from '../../../../src/stages/encode/audio/sound-match.ts';

const RATE = 8000;
const PER_MS = RATE / 1000;

/** Something like speech: noise whose loudness changes all the time. The same for the same seed. */
function speech(totalMs: number, seed = 1): Int16Array {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  let loudness = 0;
  return Int16Array.from({ length: totalMs * PER_MS }, (_, i) => {
    if (i % (40 * PER_MS) === 0) loudness = 0.1 + 0.9 * Math.abs(next()) * 2;
    return 8000 * loudness * next();
  });
}

const tone = (totalMs: number, hz: number) => Int16Array.from({ length: totalMs * PER_MS }, (_, i) => 6000 * Math.sin((2 * Math.PI * hz * i) / RATE));

/** Delays by `ms` (or leaves out that much of the start), keeping the length. */
function shifted(samples: Int16Array, ms: number): Int16Array {
  return samples.map((_, i) => samples[i - ms * PER_MS] ?? 0);
}

function envelope(samples: Int16Array, totalMs = samples.length / PER_MS, pieceBytes = 65_536) {
  const bytes = new Uint8Array(Int16Array.from({ length: samples.length * 2 }, (_, i) => samples[i >> 1]).buffer);
  const reader = new EnvelopeReader(totalMs, RATE);
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) reader.push(bytes.subarray(at, at + pieceBytes));
  return reader.finish();
}

const judge = (source: Int16Array, rendition: Int16Array) => judgeSound(envelope(source), envelope(rendition));

test('the same sound is in place', () => {
  const { fault, offsetMs, comparedSeconds, lowestCorrelation } = judge(speech(25_000), speech(25_000));
  assert.deepEqual([fault, offsetMs, comparedSeconds, Math.round(lowestCorrelation * 1000)], [null, 0, 25, 1000]);
});

test('it does not matter how the bytes come', () => {
  const samples = speech(2000);
  for (const pieceBytes of [1, 3, 7, 4096]) assert.deepEqual(envelope(samples, 2000, pieceBytes), envelope(samples));
});

test('a displacement of a few milliseconds is found, with its direction', () => {
  for (const ms of [2, 40, 100]) {
    assert.equal(judge(speech(12_000), shifted(speech(12_000), ms)).fault, `is ${ms} ms too late`);
    assert.equal(judge(speech(12_000), shifted(speech(12_000), -ms)).fault, `is ${ms} ms too early`);
  }
  assert.equal(judge(speech(12_000), shifted(speech(12_000), 1)).fault, null);
});

test('a larger displacement and other sound are found as not the same', () => {
  assert.match(judge(speech(12_000), shifted(speech(12_000), 700)).fault!, /does not resemble/);
  assert.match(judge(speech(12_000), speech(12_000, 99)).fault!, /does not resemble/);
});

test('a displacement that begins late in a long title is found', () => {
  const source = speech(60_000);
  const late = Int16Array.from(source, (value, i) => (i < 50_000 * PER_MS ? value : source[i - 40 * PER_MS]));
  assert.equal(judge(source, late).fault, 'is 40 ms too late');
});

test('lost and added sound are found', () => {
  const source = speech(12_000);
  const silence = new Int16Array(source.length);
  assert.equal(judge(source, silence).fault, 'is much quieter than the source');
  assert.equal(judge(silence, source).fault, 'is much louder than the source');
});

test('silence, even tones and very short sound cannot be compared, and are no fault', () => {
  const silence = new Int16Array(12_000 * PER_MS);
  for (const samples of [silence, tone(12_000, 1000), tone(12_000, 440), speech(150), new Int16Array(0)]) assert.equal(judge(samples, samples).fault, null);
  assert.equal(judge(silence, silence).comparedSeconds, 0);
});

test('a tone whose ripple drowns in what coding adds is no fault, and other sound in its place is', () => {
  const wobble = speech(12_000);
  const coded = tone(12_000, 440).map((value, i) => value + 1.3 * wobble[i]);
  const { fault, comparedSeconds } = judge(tone(12_000, 440), coded);
  assert.deepEqual([fault, comparedSeconds], [null, 0]);
  assert.match(judge(tone(12_000, 440), speech(12_000)).fault!, /does not resemble|quieter/);
});

test('a click that only the rendition has does not displace the tone around it', () => {
  const source = tone(1200, 440);
  const clicked = source.map((value, i) => (Math.floor(i / PER_MS) === 1037 ? 2 * value : value));
  assert.equal(judge(source, clicked).fault, null);
  assert.match(judge(source, shifted(clicked, 10)).fault!, /^is \d+ ms too/);
});

test('a tone that leaps and is coded with another leap is not displaced', () => {
  const leaping = (by: number) =>
    Int16Array.from({ length: 600 * PER_MS }, (_, i) => 6000 * Math.sin((880 * Math.PI * i) / RATE + (i < 200 * PER_MS ? 0 : by)));
  assert.equal(judge(leaping(2.5), leaping(1.5)).fault, null);
  assert.match(judge(leaping(2.5), shifted(leaping(2.5), 10)).fault!, /^is 10 ms too late/);
});

test('sound in the first moment alone shows no displacement', () => {
  const source = speech(1200).map((value, i) => (i < 20 * PER_MS ? value : 0));
  assert.deepEqual([judge(source, source).fault, judge(source, source).comparedSeconds], [null, 0]);
});

test('what is kept of a title does not grow with it', () => {
  const kept = (hours: number) => envelope(new Int16Array(0), hours * 3_600_000).blocks.reduce((sum, block) => sum + block.length, 0);
  assert.ok(kept(3) <= 640_000 && kept(300) <= 640_000);
});

test('a gain that was not made, or twice, is seen over the whole track', () => {
  const sound = speech(25_000);
  const found = (decibels: number, gainDb: number) => judgeGain(envelope(sound), envelope(sound.map((value) => value * 10 ** (decibels / 20))), gainDb);
  assert.deepEqual([found(0, -9), found(-1, -9), found(1, -9), found(-2.5, 9)], [null, null, null, null]);
  assert.equal(found(-3, -9), 'has not the planned loudness: it is -3.0 dB off');
  assert.match(found(2, 9)!, /it is 2\.0 dB off/);
  assert.match(found(-3.5, 9)!, /it is -3\.5 dB off/);
  const silence = envelope(new Int16Array(80_000));
  assert.equal(judgeGain(silence, silence, -9), null);
});
