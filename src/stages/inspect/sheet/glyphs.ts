/** Rows of five bits, top to bottom: digits and what stands between them. A font of our own, because not every ffmpeg can write text and not every machine has fonts. */
const GLYPHS: { readonly [mark: string]: readonly number[] } = {
  '0': [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110],
  '1': [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
  '2': [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
  '3': [0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110],
  '4': [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
  '5': [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
  '6': [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
  '7': [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
  '8': [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
  '9': [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
  ':': [0b00000, 0b00100, 0b00100, 0b00000, 0b00100, 0b00100, 0b00000],
  '.': [0b00000, 0b00000, 0b00000, 0b00000, 0b00000, 0b01100, 0b01100],
};

const GLYPH_WIDTH = 5;
/** Each dot of a glyph is this many pixels wide and high. */
const DOT_PX = 2;
export const TEXT_HEIGHT_PX = 7 * DOT_PX;
const ADVANCE_PX = (GLYPH_WIDTH + 1) * DOT_PX;

/** Width of a text, without the space behind its last mark. */
export function textWidthPx(text: string): number {
  return Math.max(0, text.length * ADVANCE_PX - DOT_PX);
}

/** Names every pixel that a text covers. Marks that there is no glyph for leave a space. */
export function drawText(text: string, leftPx: number, topPx: number, plot: (xPx: number, yPx: number) => void): void {
  for (const [i, mark] of [...text].entries()) {
    for (const [row, bits] of (GLYPHS[mark] ?? []).entries()) {
      for (let column = 0; column < GLYPH_WIDTH; column++) {
        if (((bits >> (GLYPH_WIDTH - 1 - column)) & 1) === 0) continue;
        for (let dot = 0; dot < DOT_PX * DOT_PX; dot++) {
          plot(leftPx + i * ADVANCE_PX + column * DOT_PX + (dot % DOT_PX), topPx + row * DOT_PX + Math.floor(dot / DOT_PX));
        }
      }
    }
  }
}
