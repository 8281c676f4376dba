import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FfmpegMediaTools } from '../../src/adapters/ffmpeg/media-tools.ts';
import { SHOT_LIMITS, type ShotLimits } from '../../src/stages/inspect/shots/shot-detector.ts';
import { type Counts, countBorders, gradualHits, type ListedBorder, type Score, scoreOf } from '../../test/support/shot-truth.ts';
import type { BenchResult } from '../measure.ts';
import { bordersFound, LimitChoice, mean } from '../shots/choose-limits.ts';
import { countMadeDissolves } from '../shots/made-dissolves.ts';
import { PYSCENEDETECT_WAYS, pySceneDetectBorders, pySceneDetectVersion, SCDET_THRESHOLDS, scdetBorders } from '../shots/peers.ts';
import { type FilmFile, type Reading, readFilms } from '../shots/read-films.ts';

/** What may be lost: F1, recall, and F1 on darkened copies. */
const ALLOWED = { f1: 0.07, recall: 0.05, darkDrop: 0.03 };

type Kind = 'plain' | 'dark';
const KINDS: readonly Kind[] = ['plain', 'dark'];

/** Borders that one detector found: by file, as it is and darkened. */
type Found = ReadonlyMap<FilmFile, { readonly [K in Kind]: readonly number[] }>;

/** Runs a detector on every file; synchronous or not. */
async function findAll(films: readonly FilmFile[], detect: (reading: Reading, film: string) => readonly number[] | Promise<readonly number[]>): Promise<Found> {
  const found = new Map<FilmFile, { plain: readonly number[]; dark: readonly number[] }>();
  for (const each of films) found.set(each, { plain: await detect(each.plain, each.file.film), dark: await detect(each.dark, each.file.film) });
  return found;
}

/** Scores by film; those of one film's files are counted together. */
function scoresByFilm(found: Found, kind: Kind): Map<string, Score> {
  const counts = new Map<string, Counts[]>();
  for (const [{ file, listed }, borders] of found) counts.set(file.film, [...(counts.get(file.film) ?? []), countBorders(borders[kind], listed)]);
  return new Map([...counts].map(([film, of]) => [film, scoreOf(of)]));
}

function meanScore(found: Found, kind: Kind): Score {
  const scores = [...scoresByFilm(found, kind).values()];
  return { f1: mean(scores.map(({ f1 }) => f1)), recall: mean(scores.map(({ recall }) => recall)), precision: mean(scores.map(({ precision }) => precision)) };
}

/** The ways of a peer, each tried on everything; kept is the one with the best mean F1 on the plain films, though it is chosen on the films it is measured on. */
async function bestOf<W>(ways: readonly W[], run: (way: W) => Promise<Found>): Promise<{ way: W; found: Found }> {
  let best: { way: W; found: Found } | null = null;
  for (const way of ways) {
    const found = await run(way);
    if (best === null || meanScore(found, 'plain').f1 > meanScore(best.found, 'plain').f1) best = { way, found };
  }
  return best!;
}

async function findByPeers(films: readonly FilmFile[]): Promise<{ [name: string]: Found | string }> {
  const scdet = await bestOf(SCDET_THRESHOLDS, (threshold) => findAll(films, (reading) => scdetBorders(reading, threshold)));
  const version = await pySceneDetectVersion();
  if (version === null) return { [`scdet, best threshold ${scdet.way}`]: scdet.found, PySceneDetect: 'skipped: not installed' };
  const scenes = await bestOf(PYSCENEDETECT_WAYS, (way) => findAll(films, (reading) => pySceneDetectBorders(reading, way)));
  return { [`scdet, best threshold ${scdet.way}`]: scdet.found, [`PySceneDetect ${version}, best of two: ${scenes.way.join(' ')}`]: scenes.found };
}

const rounded = (value: number) => Number(value.toFixed(3));

function tableOf(found: Found | string): unknown {
  if (typeof found === 'string') return found;
  const table: { [film: string]: unknown } = {};
  const line = ({ f1, recall, precision }: Score) => `F1 ${f1.toFixed(3)}, recall ${recall.toFixed(3)}, precision ${precision.toFixed(3)}`;
  for (const kind of KINDS) {
    const rows = [...scoresByFilm(found, kind)].map(([film, score]) => [film, line(score)]);
    table[kind] = { ...Object.fromEntries(rows), mean: line(meanScore(found, kind)) };
  }
  return { ...table, gradual: gradualLine(found) };
}

/** How many gradual changes have exactly one border, and those that have not. */
function gradualLine(found: Found): unknown {
  const name = (file: FilmFile, { frame, endFrame }: ListedBorder, borders: number) => `${file.file.name} ${frame} to ${endFrame}: ${borders}`;
  const hits = [...found].flatMap(([file, { plain }]) => gradualHits(plain, file.listed).map((hit) => ({ file, ...hit })));
  const bad = hits.filter(({ borders }) => borders !== 1);
  return { exactlyOne: `${hits.length - bad.length} of ${hits.length}`, others: bad.map(({ file, change, borders }) => name(file, change, borders)) };
}

/** Films on which a peer's F1 is higher than that of ours, held out. */
function lostTo(ours: Found, theirs: Found): string[] {
  return KINDS.flatMap((kind) => {
    const own = scoresByFilm(ours, kind);
    return [...scoresByFilm(theirs, kind)].filter(([film, { f1 }]) => f1 > own.get(film)!.f1 + 1e-9).map(([film]) => `${film}, ${kind}`);
  });
}

/**
 * Shot borders on real films whose borders people have listed. The detector's limits are chosen on all films but one and measured on that one. The figure is the largest of
 * what is lost in F1, in recall and by darkening, each as a share of what may be lost.
 */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-bench-'));
  try {
    const films = await readFilms(folder, await FfmpegMediaTools.open(process.env));
    if (films.length === 0) throw new Error('The films with known borders are not here: SCENELINE_MEDIA names their folder.');
    const names = [...new Set(films.map(({ file }) => file.film))];
    const choice = LimitChoice.of(films);
    const without = new Map<string, ShotLimits>(names.map((name) => [name, { ...SHOT_LIMITS, cut: choice.best(names.filter((other) => other !== name)) }]));
    const heldOut = await findAll(films, (reading, film) => bordersFound(reading, without.get(film)!));
    const shipped = await findAll(films, (reading) => bordersFound(reading, SHOT_LIMITS));
    const peers = await findByPeers(films);
    const score = meanScore(heldOut, 'plain');
    const darkDrop = score.f1 - meanScore(heldOut, 'dark').f1;
    const shares = [(1 - score.f1) / ALLOWED.f1, (1 - score.recall) / ALLOWED.recall, darkDrop / ALLOWED.darkDrop];
    const lost = Object.entries(peers).map(([name, found]) => [name, typeof found === 'string' ? found : lostTo(heldOut, found)]);
    const detail = {
      meanF1: rounded(score.f1),
      meanRecall: rounded(score.recall),
      darkDrop: rounded(darkDrop),
      heldOut: tableOf(heldOut),
      asShipped: tableOf(shipped),
      madeDissolvesWithOneBorder: countMadeDissolves(films),
      ...Object.fromEntries(Object.entries(peers).map(([name, found]) => [name, tableOf(found)])),
      peerIsBetterOn: Object.fromEntries(lost),
      limitsTried: choice.size,
      chosenWithout: Object.fromEntries([...without].map(([name, { cut }]) => [name, cut])),
      chosenOnAll: choice.best(names),
    };
    return { name: 'shots', figure: Math.max(...shares), target: 1, detail };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
