import { drawText, TEXT_HEIGHT_PX, textWidthPx } from './glyphs.ts';

/** A long film gets several sheets: pictures larger than this can hardly be opened, or looked at. */
export const SHOTS_PER_SHEET = 80;
const SHOTS_PER_ROW = 4;
/** Pictures lie in a box of this size, as large as they fit; as wide as the longest label. */
const BOX = { widthPx: 192, heightPx: 144 };
const GAP_PX = 4;
const PAIR_GAP_PX = 10;
const SHOT_GAP_PX = 24;
const LABEL_HEIGHT_PX = TEXT_HEIGHT_PX + 2 * GAP_PX;
const BACKGROUND = 32;
const FRAME_COLOR = [255, 255, 255] as const;
const TIME_COLOR = [255, 208, 96] as const;
export const BYTES_PER_PX = 3;

export type PictureSize = { readonly widthPx: number; readonly heightPx: number };

/** The largest size with even sides in which a picture of that shape fits its box. */
export function tileSize(shown: PictureSize): PictureSize {
  const scale = Math.min(BOX.widthPx / shown.widthPx, BOX.heightPx / shown.heightPx);
  const side = (px: number, mostPx: number) => Math.min(mostPx, Math.max(2, 2 * Math.round((px * scale) / 2)));
  return { widthPx: side(shown.widthPx, BOX.widthPx), heightPx: side(shown.heightPx, BOX.heightPx) };
}

/** One picture of a sheet, and what is written under it. */
export type Tile = { readonly frame: number; readonly seconds: number };

/** A contact sheet in memory: the first and the last frame of each shot side by side, shots in rows. RGB, 8 bits. */
export class SheetPicture {
  readonly size: PictureSize;
  readonly rgb: Uint8Array;
  readonly #tile: PictureSize;

  constructor(shots: number, tile: PictureSize) {
    const rows = Math.ceil(shots / SHOTS_PER_ROW);
    const columns = Math.min(shots, SHOTS_PER_ROW);
    this.#tile = tile;
    this.size = { widthPx: columns * shotWidthPx() + SHOT_GAP_PX, heightPx: rows * rowHeightPx(tile) + SHOT_GAP_PX };
    this.rgb = new Uint8Array(this.size.widthPx * this.size.heightPx * BYTES_PER_PX).fill(BACKGROUND);
  }

  /** @param at 0: first frame of the sheet's first shot, 1: its last frame, 2: first frame of its second shot, and so on. @param rgb the picture, of the tile's size. */
  put(at: number, { frame, seconds }: Tile, rgb: Uint8Array): void {
    const shot = at >> 1;
    const boxLeft = SHOT_GAP_PX + (shot % SHOTS_PER_ROW) * shotWidthPx() + (at % 2) * (BOX.widthPx + PAIR_GAP_PX);
    const top = SHOT_GAP_PX + Math.floor(shot / SHOTS_PER_ROW) * rowHeightPx(this.#tile);
    this.#paste(rgb, boxLeft + ((BOX.widthPx - this.#tile.widthPx) >> 1), top);
    const labelTop = top + this.#tile.heightPx + GAP_PX;
    const time = formatTime(seconds);
    this.#write(String(frame), boxLeft, labelTop, FRAME_COLOR);
    this.#write(time, boxLeft + BOX.widthPx - textWidthPx(time), labelTop, TIME_COLOR);
  }

  #paste(rgb: Uint8Array, leftPx: number, topPx: number): void {
    const rowBytes = this.#tile.widthPx * BYTES_PER_PX;
    for (let y = 0; y < this.#tile.heightPx; y++) {
      this.rgb.set(rgb.subarray(y * rowBytes, (y + 1) * rowBytes), this.#offset(leftPx, topPx + y));
    }
  }

  #write(text: string, leftPx: number, topPx: number, color: readonly number[]): void {
    drawText(text, leftPx, topPx, (x, y) => this.rgb.set(color, this.#offset(x, y)));
  }

  #offset(xPx: number, yPx: number): number {
    return (yPx * this.size.widthPx + xPx) * BYTES_PER_PX;
  }
}

function shotWidthPx(): number {
  return 2 * BOX.widthPx + PAIR_GAP_PX + SHOT_GAP_PX;
}

function rowHeightPx(tile: PictureSize): number {
  return tile.heightPx + GAP_PX + LABEL_HEIGHT_PX;
}

/** `m:ss.mmm`, from an hour on `h:mm:ss.m`: never longer than fits beside a frame's number. */
export function formatTime(seconds: number): string {
  const isLong = seconds >= 3600;
  const unit = isLong ? 10 : 1000;
  const whole = Math.floor(seconds * unit + 1e-6);
  const two = (value: number) => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / unit / 3600), Math.floor(whole / unit / 60) % 60, Math.floor(whole / unit) % 60];
  const fraction = String(whole % unit).padStart(isLong ? 1 : 3, '0');
  return `${isLong ? `${h}:${two(m)}` : m}:${two(s)}.${fraction}`;
}
