import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BorderExplanation, EXPLAINED_REACH, explainBorder, type Statement } from '../../../../src/stages/inspect/shots/explain.ts';
import { ShotDetector } from '../../../../src/stages/inspect/shots/shot-detector.ts';
import { blend, flat, framesOf, scene } from '../../../support/luma-film.ts';

const TWENTY_FOURTHS = { num: 1, den: 24 };

/** Explains any frame of a film, as one who reads only the frames around it. */
function explainer(pictures: readonly Uint8Array[]): (frame: number) => BorderExplanation {
  const frames = framesOf(pictures);
  const detector = new ShotDetector(TWENTY_FOURTHS);
  for (const frame of frames) detector.push(frame);
  const shots = detector.finish();
  return (frame) => {
    const firstFrame = Math.max(0, frame - EXPLAINED_REACH);
    const near = frames.slice(firstFrame, frame + EXPLAINED_REACH + 1);
    return explainBorder({ frame, frames: near, firstFrame, shots, timeBase: TWENTY_FOURTHS, firstPtsTicks: 0 });
  };
}

function of(finder: Statement['finder'], { statements }: BorderExplanation): Statement[] {
  return statements.filter((each) => each.finder === finder);
}

const speaksFor = (statements: readonly Statement[]) => statements.length > 0 && statements.every(({ speaks }) => speaks === 'for');

function shot(seed: number, frames: number, pace = 0.5): Uint8Array[] {
  return Array.from({ length: frames }, (_, i) => scene(seed, i * pace));
}

/** Cuts, a flash, a dissolve and a fade through black. */
function mixedFilm(): Uint8Array[] {
  const flash = shot(2, 60);
  flash[30] = flat(235);
  const dissolve = Array.from({ length: 20 }, (_, i) => blend(scene(3, 20), scene(4), (i + 1) / 21));
  const black = Array.from({ length: 10 }, () => flat(16));
  return [...shot(1, 300), ...flash, ...shot(3, 40), ...dissolve, ...shot(4, 40), ...black, ...shot(5, 60), ...shot(6, 9)];
}

test('what is said about cuts is what decides about them, at every frame', () => {
  const film = mixedFilm();
  const explain = explainer(film);
  const cuts = [];
  for (let frame = 0; frame < film.length; frame++) {
    const explanation = explain(frame);
    assert.equal(explanation.startsShot, explanation.shot.startFrame === frame);
    if (speaksFor(of('cut', explanation))) cuts.push(frame);
  }
  assert.deepEqual(cuts.slice(0, 2), [300, 360]);
  for (const frame of cuts) {
    const explanation = explain(frame);
    assert.ok(explanation.startsShot || of('fade', explanation).some(({ measure, speaks }) => measure === 'stretch' && speaks === 'against'), `frame ${frame}`);
  }
});

test('a bang that fades away is said to be other light, a subtitle to be small', () => {
  const bang = shot(1, 60, 0.2).map((luma, i) => (i < 30 ? luma : blend(luma, flat(235), 0.9 * 0.7 ** (i - 30))));
  const subtitled = shot(1, 60).map((luma, i) =>
    i < 30 ? luma : luma.map((level, at) => (at > 28 * 64 && at % 64 > 8 && at % 64 < 56 ? (at % 7 < 3 ? 235 : 16) : level)),
  );
  for (const [film, measure] of [
    [bang, 'likeness'],
    [subtitled, 'spread'],
  ] as const) {
    const explanation = explainer(film)(30);
    assert.deepEqual([explanation.startsShot, explanation.nearestBorder], [false, null]);
    const against = of('cut', explanation).filter(({ speaks }) => speaks === 'against');
    assert.ok(
      against.some((each) => each.measure === measure),
      JSON.stringify(against),
    );
  }
});

test('a dissolve and a fade are said to be what they are', () => {
  const film = mixedFilm();
  const explain = explainer(film);
  const starts = film.map((_, frame) => frame).filter((frame) => explain(frame).startsShot);
  const dissolve = starts.find((frame) => frame > 400 && frame < 420)!;
  assert.ok(speaksFor(of('dissolve', explain(dissolve))), JSON.stringify(explain(dissolve)));
  const fade = starts.find((frame) => frame >= 460 && frame <= 470)!;
  assert.ok(
    of('fade', explain(fade)).some(({ measure, speaks }) => measure === 'stretch' && speaks === 'for'),
    JSON.stringify(explain(fade)),
  );
});

test('a light that flickers is said to be unsteady', () => {
  const [a, b] = [scene(1), scene(2)];
  const flicker = [0.3, 0.6, 0.3, 0.5, 0.7, 0.4, 0.7].flatMap((share) => Array<Uint8Array>(3).fill(blend(a, b, share)));
  const explanation = explainer([...shot(1, 40, 0), ...flicker, ...shot(2, 40, 0)])(50);
  const [last] = of('dissolve', explanation).slice(-1);
  assert.deepEqual([last.measure, last.speaks], ['steadiness', 'against']);
});

test('the first frame, the last and one of a film of one shot', () => {
  const explain = explainer(shot(1, 30));
  assert.deepEqual([explain(0).startsShot, explain(0).nearestBorder, of('cut', explain(0)).length], [true, null, 0]);
  assert.equal(explain(29).startsShot, false);
  assert.equal(explain(29).seconds, Number((29 / 24).toFixed(6)));
  assert.ok(explain(29).statements.every(({ speaks }) => speaks === 'against'));
});
