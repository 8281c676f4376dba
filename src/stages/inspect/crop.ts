/** Part of the picture that has content, in source pixels; ends exclusive. */
export type ContentBox = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/** Strips that a picture is averaged into across the direction looked along. */
export const CROP_STRIPS = 16;

/** Bars are darker than this in every strip, in luma levels; coded black has noise. */
const BAR_LUMA = 28;
/** Fewer pictures with content than this say nothing about bars. */
const LEAST_SAMPLES = 4;
/** Bars narrower than this share of the side are coding padding, not bars. */
const LEAST_BAR_SHARE = 0.02;

/**
 * The content of one picture.
 * @param rows 16 wide, as high as the picture: each row's mean luma in 16 strips. @param columns as wide as the picture, 16 high.
 * @returns null for a black picture.
 */
export function contentBox(rows: Uint8Array, columns: Uint8Array): ContentBox | null {
  const heightPx = rows.length / CROP_STRIPS;
  const widthPx = columns.length / CROP_STRIPS;
  const isBright = (bytes: Uint8Array, start: number, step: number) => {
    for (let strip = 0; strip < CROP_STRIPS; strip++) if (bytes[start + strip * step] > BAR_LUMA) return true;
    return false;
  };
  const span = (length: number, hasContent: (at: number) => boolean): [number, number] => {
    let first = 0;
    while (first < length && !hasContent(first)) first++;
    let end = length;
    while (end > first && !hasContent(end - 1)) end--;
    return [first, end];
  };
  const [top, bottom] = span(heightPx, (y) => isBright(rows, y * CROP_STRIPS, 1));
  const [left, right] = span(widthPx, (x) => isBright(columns, x, widthPx));
  return top === bottom || left === right ? null : { left, top, right, bottom };
}

export function unionOf(a: ContentBox | null, b: ContentBox | null): ContentBox | null {
  if (a === null || b === null) return a ?? b;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

export type Crop = { readonly xPx: number; readonly yPx: number; readonly widthPx: number; readonly heightPx: number };

/** The picture without bars, on even pixels and never inside the content; null when there are no bars worth the name. */
export function cropOf(box: ContentBox | null, samples: number, widthPx: number, heightPx: number): Crop | null {
  if (box === null || samples < LEAST_SAMPLES) return null;
  const [xPx, yPx] = [box.left - (box.left % 2), box.top - (box.top % 2)];
  const right = Math.min(widthPx, box.right + (box.right % 2));
  const bottom = Math.min(heightPx, box.bottom + (box.bottom % 2));
  const hasBars = widthPx - (right - xPx) >= LEAST_BAR_SHARE * widthPx || heightPx - (bottom - yPx) >= LEAST_BAR_SHARE * heightPx;
  return hasBars ? { xPx, yPx, widthPx: right - xPx, heightPx: bottom - yPx } : null;
}
