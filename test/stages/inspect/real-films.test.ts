import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { testFolder } from '../../support/fake-tool.ts';
import { inspectFilm } from '../../support/inspect-film.ts';
import { mediaPath } from '../../support/media.ts';

/** Film, its list of borders, and the least F1 and recall that the detector must reach on it. */
const FILMS = [
  ['bbb-1080p30-13s.mp4', 'bbb-1080p30-13s', 1, 1],
  ['bbb-360s-to-420s-720p24.mp4', 'bbb-360s-to-420s-720p24', 0.97, 0.97],
  ['bbb-full-596s-252p24.mp4', 'bbb-full-596s-252p24', 0.97, 0.97],
  ['bbb-trailer-360p25-vp8-vorbis.webm', 'bbb-trailer', 0.88, 0.9],
  ['caminandes-llama-drama-30s-180p24-av1-opus.webm', 'caminandes-30s', 0.9, 1],
  ['elephants-dream-0s-to-72s-360p24-2audio.mp4', 'elephants-dream-0s-to-72s', 0.9, 0.9],
  ['sintel-120s-to-150s-1080p24-sdr-hevc10-5.1.ts', 'sintel-120s-to-150s-sdr', 0.9, 0.85],
  ['sintel-60s-to-90s-1080p24-hdr10-hevc10-5.1.ts', 'sintel-60s-to-90s-hdr10', 0.9, 0.9],
  ['tears-of-steel-0s-to-42s-500x208.mkv', 'tears-of-steel-0s-to-42s', 0.8, 1],
] as const;

const LEAST_MEAN_F1 = 0.96;
const LEAST_MEAN_RECALL = 0.97;
const TOLERANCE_FRAMES = 2;

type Border = { readonly frame: number; readonly endFrame: number; readonly isGradual: boolean };

async function listedBorders(name: string): Promise<Border[]> {
  const lines = (await readFile(mediaPath(`groundtruth/${name}.cuts.csv`)!, 'utf8')).split('\n').filter((line) => /^\d/.test(line));
  return lines.map((line) => {
    const [frame, type, endFrame] = line.split(',');
    return { frame: Number(frame), endFrame: Number(endFrame || frame), isGradual: type === 'gradual' };
  });
}

/** One border found counts for one listed; those inside gradual changes count neither way. */
function score(found: readonly number[], listed: readonly Border[]): { f1: number; recall: number } {
  const cuts = listed.filter(({ isGradual }) => !isGradual);
  const open = new Set(cuts.map(({ frame }) => frame));
  let wrong = 0;
  for (const frame of found) {
    const near = [...open].filter((cut) => Math.abs(cut - frame) <= TOLERANCE_FRAMES).sort((a, b) => Math.abs(a - frame) - Math.abs(b - frame));
    if (near.length > 0) open.delete(near[0]);
    else if (!listed.some((each) => each.isGradual && frame >= each.frame - TOLERANCE_FRAMES && frame <= each.endFrame + TOLERANCE_FRAMES)) wrong++;
  }
  const right = cuts.length - open.size;
  return { f1: (2 * right) / (2 * right + wrong + open.size), recall: right / cuts.length };
}

test('shots of real films are where people see them', { skip: mediaPath('groundtruth') === null && 'the real films are not here' }, async (t) => {
  const folder = testFolder(t);
  const scores: { f1: number; recall: number }[] = [];
  for (const [film, list, leastF1, leastRecall] of FILMS) {
    const { inspection } = await inspectFilm(join(folder, list), mediaPath(`real/${film}`)!);
    const result = score(
      inspection.shots.slice(1).map(({ startFrame }) => startFrame),
      await listedBorders(list),
    );
    t.diagnostic(`${list}: F1 ${result.f1.toFixed(3)}, recall ${result.recall.toFixed(3)}, ${inspection.shots.length} shots`);
    assert.ok(result.f1 >= leastF1 && result.recall >= leastRecall, `${list}: F1 ${result.f1}, recall ${result.recall}`);
    assert.ok(!inspection.findings.some(({ severity }) => severity === 'refuse'), list);
    scores.push(result);
  }
  const mean = (of: (each: { f1: number; recall: number }) => number) => scores.reduce((sum, each) => sum + of(each), 0) / scores.length;
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
  'broken/h264-broken-sps.mp4': ['SL-211'],
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
