import type { HdrColor } from '../../../media/hdr.ts';
import type { Ladder, PlannedRung, Rung } from '../../../model/ladder.ts';
import { isHdr, type VideoTrack } from '../../../model/source.ts';

type Size = { readonly widthPx: number; readonly heightPx: number };

/**
 * The ladder as it applies to a source. Of the lines of one container and codec, those larger than the picture shrink to the smallest box that
 * holds it, at the picture's own size; what is above that box is left out, and HDR lines where the source is SDR. Names stay those of the ladder.
 *
 * An `m4v` line with the recipe of an `mp4` line is its twin: it follows it when the source is too small for both, and carries its pictures.
 */
export function fitRungs(ladder: Ladder, video: VideoTrack): PlannedRung[] {
  const picture = uprightPicture(video);
  const kept = ladder.rungs.filter((rung) => rung.boxPx <= smallestHolding(ladder, rung, picture) && (!rung.hdr || isHdr(video.color)));
  const planned = kept.map((rung) => {
    const followed = rung.container === 'm4v' ? recipeToFollow(ladder, rung, kept) : rung;
    const size = fitInto(boxSize(followed.boxPx, picture), picture);
    return { ...rung, ...recipe(followed), ...size, ...(rung.hdr ? { hdrColor: hdrColor(video) } : {}) };
  });
  return planned.map((rung) => ({ ...rung, picturesFrom: rung.container === 'm4v' ? picturesOf(rung, planned) : null }));
}

/** The picture as it is shown: square pixels at the source's own number of lines, upright, even sizes not above the source's. */
export function uprightPicture(video: Pick<VideoTrack, 'widthPx' | 'heightPx' | 'sampleAspect' | 'rotationDegrees'>): Size {
  const shown = { widthPx: evenBelow((video.widthPx * video.sampleAspect.num) / video.sampleAspect.den), heightPx: evenBelow(video.heightPx) };
  return video.rotationDegrees % 180 === 0 ? shown : { widthPx: shown.heightPx, heightPx: shown.widthPx };
}

function evenBelow(px: number): number {
  return Math.max(2, 2 * Math.floor(px / 2));
}

/** `boxPx * 16 / 9` by `boxPx`, to the nearest even number, turned for upright pictures. */
function boxSize(boxPx: number, picture: Size): Size {
  const long = 2 * Math.round((boxPx * 8) / 9);
  return picture.widthPx < picture.heightPx ? { widthPx: boxPx, heightPx: long } : { widthPx: long, heightPx: boxPx };
}

function holds(box: Size, picture: Size): boolean {
  return picture.widthPx <= box.widthPx && picture.heightPx <= box.heightPx;
}

function smallestHolding(ladder: Ladder, rung: Rung, picture: Size): number {
  const siblings = ladder.rungs.filter((one) => one.container === rung.container && one.codec === rung.codec && isAsBright(one, rung));
  return Math.min(...siblings.filter((one) => holds(boxSize(one.boxPx, picture), picture)).map((one) => one.boxPx));
}

function fitInto(box: Size, picture: Size): Size {
  const scale = Math.min(1, box.widthPx / picture.widthPx, box.heightPx / picture.heightPx);
  const even = (px: number) => Math.max(2, 2 * Math.round((px * scale) / 2));
  return { widthPx: even(picture.widthPx), heightPx: even(picture.heightPx) };
}

function recipe({ crf, maxrateKbps, bufsizeKbit, preset }: Rung) {
  return { crf, maxrateKbps, bufsizeKbit, preset };
}

function sameRecipe(a: Rung, b: Rung): boolean {
  return a.codec === b.codec && isAsBright(a, b) && JSON.stringify(recipe(a)) === JSON.stringify(recipe(b));
}

function hdrColor({ color, light }: VideoTrack): HdrColor {
  return { range: color.transfer === 'arib-std-b67' ? 'HLG' : 'PQ', light };
}

/** Both HDR or both SDR. */
function isAsBright(a: Rung, b: Rung): boolean {
  return Boolean(a.hdr) === Boolean(b.hdr);
}

/** The line whose recipe an `m4v` line has: its own, unless its twin was left out and the largest `mp4` line that remains stands for that. */
function recipeToFollow(ladder: Ladder, rung: Rung, kept: readonly Rung[]): Rung {
  const twin = ladder.rungs.find((one) => one.container === 'mp4' && one.boxPx === rung.boxPx && sameRecipe(one, rung));
  if (twin === undefined || kept.includes(twin)) return rung;
  const rest = kept.filter((one) => one.container === 'mp4' && one.codec === rung.codec && isAsBright(one, rung));
  return rest.reduce((best, one) => (one.boxPx > best.boxPx ? one : best));
}

function picturesOf(rung: Rung & Size, planned: readonly (Rung & Size)[]): string | null {
  const same = planned.find((one) => one.container === 'mp4' && sameRecipe(one, rung) && one.widthPx === rung.widthPx && one.heightPx === rung.heightPx);
  return same?.name ?? null;
}
