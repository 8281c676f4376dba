import { PICTURE_WIDTH_PX } from '../../src/model/frame-index.ts';
import { LUMA_BYTES, LUMA_WIDTH_PX } from '../../src/stages/inspect/shots/features.ts';
import { blend } from '../../test/support/luma-film.ts';
import { seededRandom } from '../../test/support/mangle-text.ts';
import { bordersOf } from '../../test/support/shot-borders.ts';
import type { FilmFile } from './read-films.ts';

/** Lengths in frames. */
const LENGTHS = [8, 12, 18, 24, 36, 48] as const;
const COUNT = 360;
const SEED = 7;
/** Frames of each shot alone, on its side of the dissolve. */
const SIDE_FRAMES = 30;
const TOLERANCE_FRAMES = 2;

type Shot = { readonly film: string; readonly pictures: readonly Uint8Array[] };

/** Dissolves made of the films' own shots, motion and all, two films in each: how many have exactly one border, by length in frames. */
export function countMadeDissolves(films: readonly FilmFile[]): { readonly [lengthFrames: string]: string } {
  const shots = films.flatMap(shotsOf);
  const random = seededRandom(SEED);
  const pick = (most: number) => Math.floor(random() * most);
  const counts = new Map(LENGTHS.map((length) => [length, { one: 0, all: 0 }]));
  for (let made = 0; made < COUNT; ) {
    const [own, other, length] = [shots[pick(shots.length)], shots[pick(shots.length)], LENGTHS[pick(LENGTHS.length)]];
    const needed = SIDE_FRAMES + length;
    if (own.film === other.film || Math.min(own.pictures.length, other.pictures.length) < needed) continue;
    const [ownStart, otherStart] = [pick(own.pictures.length - needed + 1), pick(other.pictures.length - needed + 1)];
    const before = own.pictures.slice(ownStart, ownStart + needed);
    const after = other.pictures.slice(otherStart, otherStart + needed);
    const mixed = Array.from({ length }, (_, i) => blend(before[SIDE_FRAMES + i], after[i], (i + 1) / (length + 1)));
    const found = bordersOf([...before.slice(0, SIDE_FRAMES), ...mixed, ...after.slice(length)]);
    const count = counts.get(length)!;
    count.all++;
    if (found.length === 1 && found[0] >= SIDE_FRAMES - TOLERANCE_FRAMES && found[0] <= needed + TOLERANCE_FRAMES) count.one++;
    made++;
  }
  return Object.fromEntries([...counts].map(([length, { one, all }]) => [length, `${one} of ${all}`]));
}

/** The listed shots without their first and last frame, as large as features are measured on. */
function shotsOf({ file, listed, plain }: FilmFile): Shot[] {
  const borders = [...listed, { frame: plain.frames.length, endFrame: plain.frames.length }];
  return borders.map(({ frame }, i) => {
    const pictures = plain.frames.slice((borders[i - 1]?.endFrame ?? 0) + 1, frame - 1).map(({ picture }) => doubled(picture));
    return { film: file.film, pictures };
  });
}

/** Each pixel four times: what is stored is half as wide and high. */
function doubled(picture: Uint8Array): Uint8Array {
  const at = (i: number) => (Math.floor(i / LUMA_WIDTH_PX) >> 1) * PICTURE_WIDTH_PX + ((i % LUMA_WIDTH_PX) >> 1);
  return Uint8Array.from({ length: LUMA_BYTES }, (_, i) => picture[at(i)]);
}
