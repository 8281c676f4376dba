import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ticksToSeconds } from '../../../media/time.ts';
import { ScenelineError } from '../../../model/errors.ts';
import { decodeIndexRecords, indexRange } from '../../../model/frame-index.ts';
import { type Inspection, inspectionKeys } from '../../../model/inspection.ts';
import type { MediaInput } from '../../../model/media-input.ts';
import type { VideoTrack } from '../../../model/source.ts';
import type { StageContext } from '../../../ports/stage-context.ts';
import { DECODING_LIMITS } from '../limits.ts';
import { PictureSplitter } from '../picture-splitter.ts';
import { thumbnailSize } from '../thumbnail-picks.ts';
import { pngArgs, tileArgs } from './sheet-args.ts';
import { BYTES_PER_PX, SHOTS_PER_SHEET, SheetPicture, type Tile, tileSize } from './sheet-picture.ts';

/** One contact sheet: the shots `[firstShot, endShotExclusive)` of an inspection, as PNG. */
export type ShotSheet = { readonly firstShot: number; readonly endShotExclusive: number; readonly png: Uint8Array };

export type ShotSheetsInput = { readonly source: MediaInput; readonly inspection: Inspection };

/**
 * Makes contact sheets of an inspected source: the first and the last frame of each shot with their numbers and times, at most 80 shots a sheet. The source is decoded once
 * more for it. `ctx.onFrames` hears of finished frames. Throws SL-301 when the frames of the index do not come out of the decoder again.
 */
export async function* shotSheets({ source, inspection }: ShotSheetsInput, ctx: StageContext): AsyncGenerator<ShotSheet> {
  const video = inspection.facts.video;
  if (video === null) throw new ScenelineError('SL-901', `The inspection ${inspection.id} has no picture track.`);
  const { shots } = inspection;
  for (let firstShot = 0; firstShot < shots.length; firstShot += SHOTS_PER_SHEET) {
    const endShotExclusive = Math.min(shots.length, firstShot + SHOTS_PER_SHEET);
    const frames = shots.slice(firstShot, endShotExclusive).flatMap((shot) => [shot.startFrame, shot.endFrameExclusive - 1]);
    const sheet = await new SheetMaker(source, inspection, video, ctx).make(frames);
    yield { firstShot, endShotExclusive, png: await encodePng(sheet, ctx) };
    ctx.onFrames(shots[endShotExclusive - 1].endFrameExclusive);
  }
}

class SheetMaker {
  readonly #source: MediaInput;
  readonly #inspection: Inspection;
  readonly #video: VideoTrack;
  readonly #ctx: StageContext;

  constructor(source: MediaInput, inspection: Inspection, video: VideoTrack, ctx: StageContext) {
    this.#source = source;
    this.#inspection = inspection;
    this.#video = video;
    this.#ctx = ctx;
  }

  /** @param frames ascending; a shot of one frame has it twice. */
  async make(frames: readonly number[]): Promise<SheetPicture> {
    const ptsTicks: number[] = [];
    for (const frame of frames) ptsTicks.push(await this.#timeOf(frame));
    const { timeBase, firstPtsTicks, keyFrames } = this.#inspection;
    const tiles = frames.map((frame, i) => ({ frame, seconds: ticksToSeconds(ptsTicks[i] - firstPtsTicks, timeBase) }));
    const key = keyFrames.findLast((each) => each <= frames[0]);
    const entries = key === undefined || key === 0 ? [null] : [await this.#timeOf(key), null];
    for (const entryPtsTicks of entries) {
      const sheet = await this.#decode(tiles, ptsTicks, entryPtsTicks);
      if (sheet !== null) return sheet;
    }
    throw new ScenelineError('SL-301', `The decoder did not give the frames ${frames[0]} to ${frames.at(-1)} again.`);
  }

  async #timeOf(frame: number): Promise<number> {
    const { start, endExclusive } = indexRange(frame, frame + 1);
    return decodeIndexRecords(await this.#ctx.blobs.read(inspectionKeys.index(this.#inspection.id), { start, endExclusive }))[0].ptsTicks;
  }

  /** Null when not all frames came out: the decoder may have to start earlier. */
  async #decode(tiles: readonly Tile[], ptsTicks: readonly number[], entryPtsTicks: number | null): Promise<SheetPicture | null> {
    const { signal, scratchDir, tools } = this.#ctx;
    const tile = tileSize(thumbnailSize(this.#video));
    const sheet = new SheetPicture(tiles.length / 2, tile);
    const cut = { entryPtsTicks, startPtsTicks: ptsTicks[0], endPtsTicks: ptsTicks.at(-1)! + 1 };
    let at = 0;
    const splitter = new PictureSplitter(tile.widthPx * tile.heightPx * BYTES_PER_PX, (rgb) => {
      // A shot of one frame shows it twice.
      const times = at + 1 < tiles.length && ptsTicks[at + 1] === ptsTicks[at] ? 2 : 1;
      for (const end = at + times; at < end; at++) if (at < tiles.length) sheet.put(at, tiles[at], rgb);
    });
    const args = tileArgs(this.#source, this.#video, cut, [...new Set(ptsTicks)], tile);
    const run = await tools.run({ tool: 'ffmpeg', args, outputs: { 1: (bytes) => splitter.write(bytes) }, cwd: scratchDir, limits: DECODING_LIMITS, signal });
    this.#ctx.spend('inspect', run.cpuSeconds);
    return at === tiles.length ? sheet : null;
  }
}

async function encodePng({ rgb, size }: SheetPicture, ctx: StageContext): Promise<Uint8Array> {
  const path = join(ctx.scratchDir, 'sheet.rgb');
  await writeFile(path, rgb);
  const parts: Uint8Array[] = [];
  const outputs = { 1: (bytes: Uint8Array) => void parts.push(Uint8Array.from(bytes)) };
  await ctx.tools.run({ tool: 'ffmpeg', args: pngArgs(path, size), outputs, cwd: ctx.scratchDir, limits: DECODING_LIMITS, signal: ctx.signal });
  return Buffer.concat(parts);
}
