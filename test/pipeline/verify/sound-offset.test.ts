import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMPARE_RATE, findOffset, REACH_SAMPLES, spreadWindows } from '../../../src/pipeline/verify/sound-offset.ts';

const WINDOW = 12_000;

/** Repeatable noise, full scale 0.5. */
function noise(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648 - 0.5;
  });
}

/** A tone from one sample to another in silence. */
function beep(count: number, start: number, end: number, hz: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (i >= start && i < end ? 0.4 * Math.cos((2 * Math.PI * hz * (i - start)) / COMPARE_RATE) : 0));
}

/** What the window is compared with when the rendition is late by so many samples. */
function late(whole: Float32Array, samples: number): Float32Array {
  const shifted = new Float32Array(WINDOW + 2 * REACH_SAMPLES);
  for (let i = 0; i < shifted.length; i++) shifted[i] = whole[i - samples] ?? 0;
  return shifted;
}

function windowOf(whole: Float32Array): Float32Array {
  return whole.subarray(REACH_SAMPLES, REACH_SAMPLES + WINDOW);
}

describe('findOffset', () => {
  for (const [name, whole] of [
    ['noise', noise(WINDOW + 2 * REACH_SAMPLES)],
    ['a short beep', beep(WINDOW + 2 * REACH_SAMPLES, 5000, 5800, 440)],
    ['a long low beep', beep(WINDOW + 2 * REACH_SAMPLES, 3000, 9000, 100)],
  ] as const) {
    for (const ms of [0, 1, -1, 5, 40, -40, 95]) {
      it(`finds ${name} at ${ms} ms`, () => {
        const samples = (ms * COMPARE_RATE) / 1000;
        const verdict = findOffset(windowOf(whole), late(whole, samples));
        assert.ok(verdict.kind === 'offset' && Math.abs(verdict.offsetSamples - samples) <= 1, JSON.stringify(verdict));
      });
    }
  }

  it('takes an endless tone to be in its place, because nothing tells where it is', () => {
    const whole = beep(WINDOW + 2 * REACH_SAMPLES, 0, WINDOW + 2 * REACH_SAMPLES, 200);
    const verdict = findOffset(windowOf(whole), late(whole, 0));
    assert.ok(verdict.kind === 'offset' && verdict.offsetSamples === 0);
    const moved = findOffset(windowOf(whole), late(whole, 320));
    assert.ok(moved.kind === 'offset' && Math.abs(moved.offsetSamples) <= 16);
  });

  it('does not move a tone by a jump in it', () => {
    const whole = beep(WINDOW + 2 * REACH_SAMPLES, 0, WINDOW + 2 * REACH_SAMPLES, 440);
    const jumped = Float32Array.from(whole, (_, i) => whole[i < WINDOW ? i : i + 9]);
    const verdict = findOffset(windowOf(whole), late(jumped, 0));
    assert.ok(verdict.kind === 'offset' && Math.abs(verdict.offsetSamples) <= 16, JSON.stringify(verdict));
  });

  it('does not mind another level or a little other sound', () => {
    const whole = noise(WINDOW + 2 * REACH_SAMPLES);
    const other = noise(WINDOW + 2 * REACH_SAMPLES, 99);
    const verdict = findOffset(
      windowOf(whole),
      late(whole, 320).map((sample, i) => 0.3 * sample + 0.1 * other[i]),
    );
    assert.ok(verdict.kind === 'offset' && verdict.offsetSamples === 320);
  });

  it('says when it is other sound, lost sound, or sound where there was none', () => {
    const whole = noise(WINDOW + 2 * REACH_SAMPLES);
    const silence = new Float32Array(WINDOW + 2 * REACH_SAMPLES);
    assert.equal(findOffset(windowOf(whole), noise(WINDOW + 2 * REACH_SAMPLES, 7)).kind, 'other');
    assert.equal(findOffset(windowOf(whole), silence).kind, 'other');
    assert.equal(findOffset(windowOf(silence), late(whole, 0)).kind, 'other');
    assert.equal(findOffset(windowOf(silence), silence).kind, 'silence');
  });

  it('refuses windows that do not fit each other', () => {
    assert.throws(() => findOffset(new Float32Array(100), new Float32Array(100)), RangeError);
  });
});

describe('spreadWindows', () => {
  it('reaches from the beginning to the end of a long stretch', () => {
    const { starts, windowSamples } = spreadWindows(10_000_000, 48);
    assert.equal(starts.length, 48);
    assert.deepEqual([starts[0], starts[47] + windowSamples], [0, 10_000_000]);
  });

  it('covers a short stretch whole, takes one window of a shorter one and none of a moment', () => {
    assert.deepEqual(spreadWindows(30_000, 48).starts, [0, 9000, 18_000]);
    assert.deepEqual(spreadWindows(4000, 48), { starts: [0], windowSamples: 4000 });
    assert.deepEqual(spreadWindows(700, 48).starts, []);
  });
});
