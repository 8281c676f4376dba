import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { testFolder } from '../../support/fake-tool.ts';
import { inspectFilm } from '../../support/inspect-film.ts';
import { mediaPath } from '../../support/media.ts';
import { countBorders, listedBorders, type Score, scoreOf, truthFiles } from '../../support/shot-truth.ts';

/** The least F1 and recall that the detector must reach on each file. */
const LEAST: { readonly [name: string]: readonly [f1: number, recall: number] } = {
  'bbb-1080p30-13s': [1, 1],
  'bbb-360s-to-420s-720p24': [0.97, 0.97],
  'bbb-full-596s-252p24': [0.97, 0.97],
  'bbb-trailer': [0.88, 0.9],
  'caminandes-30s': [0.9, 1],
  'elephants-dream-0s-to-72s': [0.9, 0.9],
  'sintel-120s-to-150s-sdr': [0.9, 0.85],
  'sintel-60s-to-90s-hdr10': [0.9, 0.9],
  'tears-of-steel-0s-to-42s': [0.8, 1],
};

const LEAST_MEAN_F1 = 0.96;
const LEAST_MEAN_RECALL = 0.97;

test('shots of real films are where people see them', { skip: mediaPath('groundtruth') === null && 'the real films are not here' }, async (t) => {
  const folder = testFolder(t);
  const scores: Score[] = [];
  for (const file of truthFiles()) {
    const { inspection } = await inspectFilm(join(folder, file.name), file.path);
    const found = inspection.shots.slice(1).map(({ startFrame }) => startFrame);
    const score = scoreOf([countBorders(found, await listedBorders(file))]);
    t.diagnostic(`${file.name}: F1 ${score.f1.toFixed(3)}, recall ${score.recall.toFixed(3)}, ${inspection.shots.length} shots`);
    const [leastF1, leastRecall] = LEAST[file.name];
    assert.ok(score.f1 >= leastF1 && score.recall >= leastRecall, `${file.name}: F1 ${score.f1}, recall ${score.recall}`);
    assert.ok(!inspection.findings.some(({ severity }) => severity === 'refuse'), file.name);
    scores.push(score);
  }
  assert.equal(scores.length, Object.keys(LEAST).length);
  const mean = (of: (each: Score) => number) => scores.reduce((sum, each) => sum + of(each), 0) / scores.length;
  assert.ok(mean(({ f1 }) => f1) >= LEAST_MEAN_F1 && mean(({ recall }) => recall) >= LEAST_MEAN_RECALL);
});

test('a real film gives the same bytes from one range and from many', { skip: mediaPath('real') === null && 'the real films are not here' }, async (t) => {
  const folder = testFolder(t);
  const film = mediaPath('real/elephants-dream-0s-to-72s-360p24-2audio.mp4')!;
  const whole = await inspectFilm(folder, film);
  const parts = await inspectFilm(folder, film, 8);
  assert.ok(parts.scan.ranges.length >= 8);
  assert.deepEqual(parts.bytes, whole.bytes);
  assert.deepEqual(
    whole.inspection.facts.audio.map(({ language }) => language),
    ['eng', 'deu'],
  );
});

/** What each odd or broken file is judged to be: the findings that must be among its own. */
const JUDGED: { readonly [name: string]: readonly string[] } = {
  'odd/vfr-phone-flir-portrait-1080x1440.mp4': ['SL-221'],
  'odd/interlaced-1080i50-avchd-ac3-pgs.mts': ['SL-222', 'SL-232', 'SL-237'],
  'odd/hdr10-av1-portrait.mp4': ['SL-223'],
  'odd/sar-2x1.mp4': ['SL-229'],
  'odd/rotate-and-reflect.mp4': ['SL-230'],
  'odd/vp9-odd-dimensions.webm': ['SL-228'],
  'odd/edit-list-neg-first-pts.mp4': ['SL-227'],
  'odd/mpeg2-field-pictures.ts.mp4': ['SL-222', 'SL-234', 'SL-237'],
  'broken/invalid-nalu.mp4': ['SL-234', 'SL-235'],
  'broken/h264-broken-sps.mp4': ['SL-242', 'SL-234'],
  'broken/zero-timescale.mp4': ['SL-206'],
};

test('odd and broken files are judged as what they are', { skip: mediaPath('odd') === null && 'the odd files are not here' }, async (t) => {
  const folder = testFolder(t);
  for (const [name, expected] of Object.entries(JUDGED)) {
    const { inspection } = await inspectFilm(join(folder, name.replaceAll('/', '-')), mediaPath(name)!);
    const codes = inspection.findings.map(({ code }) => code);
    for (const code of expected) assert.ok(codes.includes(code as (typeof codes)[number]), `${name}: ${codes.join(' ')} lacks ${code}`);
  }
});
