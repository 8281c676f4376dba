import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chunk } from '../../../src/model/plan.ts';
import { BORDER_RANK, type Border } from '../../../src/stages/plan/borders.ts';
import { groupIntoChunks, targetChunkSeconds } from '../../../src/stages/plan/chunks.ts';
import { planTitle } from '../../../src/stages/plan/plan-title.ts';
import { videoTrack } from '../../support/video-track.ts';
import { type Film, filmOf, inspectionOf, planInput, type Random, randomLength, randomTakes, seeded, type Take } from './random-film.ts';

const FPS = 24;
/** A size for every kind of target length: the least, one between, the greatest. */
const SIZES = [
  { widthPx: 3840, heightPx: 2160 },
  { widthPx: 2560, heightPx: 1440 },
  { widthPx: 1920, heightPx: 1080 },
];

test('target length goes down with the picture area, between bounds', () => {
  assert.equal(targetChunkSeconds(1920 * 1080), 10);
  assert.equal(targetChunkSeconds(2560 * 1440), 5.625);
  assert.equal(targetChunkSeconds(3840 * 2160), 4);
  assert.equal(targetChunkSeconds(7680 * 4320), 4);
  assert.equal(targetChunkSeconds(1280 * 720), 10);
  assert.equal(targetChunkSeconds(320 * 180), 10);
});

function chunksOf(film: Film, size: { widthPx: number; heightPx: number }): readonly Chunk[] {
  return planTitle(planInput(film, { inspection: inspectionOf(film, videoTrack(size)) })).chunks;
}

function frames(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.endFrameExclusive - chunk.startFrame, 0);
}

/** What a chunk's content address depends on: its pictures, their relative times and the IDR places. */
function identity(film: Film, chunk: Chunk): string {
  const parts = chunk.idrFrames.map((frame) => frame - chunk.startFrame).join();
  const start = film.ptsTicks[chunk.startFrame];
  let text = `${parts}|`;
  for (let frame = chunk.startFrame; frame < chunk.endFrameExclusive; frame++) text += `${film.pictureOf(frame)}@${film.ptsTicks[frame] - start} `;
  return text;
}

test('chunks cover the film without gap, begin with an IDR frame, and are about as long as wanted', () => {
  for (const size of SIZES) {
    const target = targetChunkSeconds(size.widthPx * size.heightPx);
    const lengths: number[] = [];
    for (let seed = 0; seed < 25; seed++) {
      const film = filmOf(randomTakes(seeded(seed), 200, FPS));
      let at = 0;
      for (const [i, chunk] of chunksOf(film, size).entries()) {
        assert.equal(chunk.index, i);
        assert.equal(chunk.startFrame, at);
        assert.equal(chunk.idrFrames[0], at);
        assert.ok(chunk.idrFrames.every((frame, j) => j === 0 || (frame > chunk.idrFrames[j - 1] && frame < chunk.endFrameExclusive)));
        at = chunk.endFrameExclusive;
        lengths.push((chunk.endFrameExclusive - chunk.startFrame) / FPS);
      }
      assert.equal(at, film.ptsTicks.length);
    }
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    assert.ok(mean > 0.5 * target && mean < target, `mean ${mean} s for a target of ${target} s`);
    assert.ok(Math.min(...lengths) >= 0.34 * target && Math.max(...lengths) <= 4.01 * target, `${Math.min(...lengths)} to ${Math.max(...lengths)} s`);
  }
});

type Edit = { readonly takes: readonly Take[]; readonly removed: number; readonly added: number };

function randomEdit(takes: readonly Take[], at: number, random: Random): Edit {
  const kind = ['insert', 'remove', 'replace', 'repaint'][Math.floor(random() * 4)];
  const fresh = { id: random(), frames: kind === 'repaint' ? takes[at].frames : randomLength(random, FPS, 3) };
  const removed = kind === 'insert' ? 0 : 1;
  const added = kind === 'remove' ? [] : [fresh];
  return { takes: takes.toSpliced(at, removed, ...added), removed, added: added.length };
}

/** Pictures of all chunks that hold or border on frames `[startFrame, endFrameExclusive)`. */
function touched(film: Film, chunks: readonly Chunk[], startFrame: number, endFrameExclusive: number): string[] {
  const beside = chunks.filter((chunk) => chunk.startFrame <= endFrameExclusive && chunk.endFrameExclusive >= startFrame);
  return beside.flatMap((chunk) => Array.from({ length: chunk.endFrameExclusive - chunk.startFrame }, (_, i) => film.pictureOf(chunk.startFrame + i)));
}

test('after an edit of one shot, nothing is new but the chunks beside it', () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = seeded(1000 + seed);
    const options = { uneven: seed % 3 === 2 };
    const size = SIZES[seed % SIZES.length];
    const old = filmOf(randomTakes(random, 90, FPS), options);
    const oldChunks = chunksOf(old, size);
    const known = new Set(oldChunks.map((chunk) => identity(old, chunk)));
    for (let i = 0; i < 8; i++) {
      const at = [0, old.takes.length - 1][i] ?? Math.floor(random() * old.takes.length);
      const edit = randomEdit(old.takes, at, random);
      const edited = filmOf(edit.takes, options);
      const editedChunks = chunksOf(edited, size);
      const fresh = editedChunks.filter((chunk) => !known.has(identity(edited, chunk)));
      const start = old.starts[at];
      const oldTouched = touched(old, oldChunks, start, old.starts[at + edit.removed] ?? old.ptsTicks.length);
      const newTouched = touched(edited, editedChunks, start, edited.starts[at + edit.added] ?? edited.ptsTicks.length);
      const beside = new Set([...oldTouched, ...newTouched]);
      assert.ok(frames(fresh) / beside.size <= 1, `seed ${seed}, edit ${i}: ${frames(fresh)} new frames, ${beside.size} beside the edit`);
    }
  }
});

test('a shot replaced by one as long costs the chunks that hold it', () => {
  let [fresh, held] = [0, 0];
  for (let seed = 0; seed < 30; seed++) {
    const random = seeded(2000 + seed);
    const film = filmOf(randomTakes(random, 90, FPS));
    const chunks = chunksOf(film, SIZES[1]);
    const known = new Set(chunks.map((chunk) => identity(film, chunk)));
    for (let i = 0; i < 6; i++) {
      const at = Math.floor(random() * film.takes.length);
      const edited = filmOf(film.takes.with(at, { id: random(), frames: film.takes[at].frames }));
      const [start, end] = [film.starts[at], film.starts[at] + film.takes[at].frames];
      fresh += frames(chunksOf(edited, SIZES[1]).filter((chunk) => !known.has(identity(edited, chunk))));
      held += frames(chunks.filter((chunk) => chunk.startFrame < end && chunk.endFrameExclusive > start));
    }
  }
  assert.ok(fresh / held <= 1.02, `${fresh} new frames for ${held}`);
});

test('an edit costs a small share of a long film', () => {
  const random = seeded(7);
  const film = filmOf(randomTakes(random, 1500, FPS));
  const known = new Set(chunksOf(film, SIZES[1]).map((chunk) => identity(film, chunk)));
  const edited = filmOf(randomEdit(film.takes, 700, random).takes);
  const fresh = chunksOf(edited, SIZES[1]).filter((chunk) => !known.has(identity(edited, chunk)));
  assert.ok(fresh.length >= 1 && fresh.length <= 3, `${fresh.length} new chunks`);
});

const SECOND = { num: 1, den: 1 };

function cutsEvery(seconds: number, count: number, rank: Border['rank'] = BORDER_RANK.firmCut): Border[] {
  return Array.from({ length: count }, (_, i) => ({
    frame: i * seconds,
    timeTicks: i * seconds,
    shotBeforeTicks: 0,
    rank: i === 0 ? BORDER_RANK.firmCut : rank,
  }));
}

function lengthsOf(borders: readonly Border[], hashOf: (frame: number) => string): number[] {
  const end = borders[borders.length - 1].frame + 4;
  const chunks = groupIntoChunks({ borders, hashOf, timeBase: SECOND, targetSeconds: 20, end: { frame: end, timeTicks: end } });
  return chunks.map((chunk) => chunk.endFrameExclusive - chunk.startFrame);
}

test('pictures that are all alike are grouped into even chunks within the limit', () => {
  for (const rank of [BORDER_RANK.firmCut, BORDER_RANK.split, BORDER_RANK.looseCut]) {
    const lengths = lengthsOf(cutsEvery(4, 900, rank), () => 'same');
    assert.ok(Math.max(...lengths) <= 80 && Math.min(...lengths) >= 10, `${Math.min(...lengths)} to ${Math.max(...lengths)} s`);
  }
});

test('hashes that only rise do not make a chunk without end', () => {
  const lengths = lengthsOf(cutsEvery(4, 900), (frame) => String(frame).padStart(8, '0'));
  assert.ok(Math.max(...lengths) <= 80, `${Math.max(...lengths)} s`);
});

test('a cut is a better chunk border than a place inside a shot', () => {
  const borders = cutsEvery(4, 12, BORDER_RANK.split).map((border) => (border.frame === 24 ? { ...border, rank: BORDER_RANK.firmCut } : border));
  assert.deepEqual(
    lengthsOf(borders, (frame) => String(99 - frame)),
    [24, 24],
  );
});

test('of two cuts near each other the one after the longer shot is the border', () => {
  const borders = cutsEvery(4, 12).map((border) => (border.frame === 20 ? { ...border, shotBeforeTicks: 4 } : border));
  assert.deepEqual(
    lengthsOf(borders, (frame) => String(frame).padStart(2, '0')),
    [20, 28],
  );
});

test('a cut among short shots does not start a chunk: edits before it may drop it', () => {
  const borders = cutsEvery(4, 12).map((border) => (border.frame === 24 ? { ...border, rank: BORDER_RANK.looseCut } : border));
  assert.deepEqual(
    lengthsOf(borders, (frame) => (frame === 24 ? '9' : frame === 20 ? '8' : '1')),
    [20, 8, 20],
  );
});
