import { escapeText } from '../webvtt/normalise.ts';
import { settingsOfPlace } from '../webvtt/settings.ts';

/** Rows and columns that its four and six bits can say. */
const [MOST_ROWS, MOST_COLUMNS] = [16, 64];
/** Units of a wide picture that anchors count in (CTA-708 section 8.4.4), when they are not percent. */
const GRID = { horizontal: 210, vertical: 75 };

type Cell = { readonly character: string; readonly isItalic: boolean };

/** One window of captions: a grid of characters that is shown or not. */
export class CaptionWindow {
  isVisible = false;
  isItalic = false;
  #rows: (Cell | undefined)[][] = [[]];
  #columns = 1;
  #row = 0;
  #column = 0;
  #alignment = 2;
  #anchor = { x: 0, y: 0 };

  /** @param definition what `DefineWindow` says (CTA-708 section 8.10.5.2), six bytes; text that is there stays where it still fits. */
  define(definition: readonly number[]): void {
    const [flags, vertical, horizontal, anchorAndRows, columns] = definition;
    this.isVisible = (flags & 0x20) !== 0;
    const isPercent = (vertical & 0x80) !== 0;
    this.#anchor = {
      x: Math.min(1, horizontal / (isPercent ? 100 : GRID.horizontal)),
      y: Math.min(1, (vertical & 0x7f) / (isPercent ? 100 : GRID.vertical)),
    };
    this.#alignment = alignmentOf(anchorAndRows >> 4);
    const rowCount = Math.min(MOST_ROWS, (anchorAndRows & 0x0f) + 1);
    this.#columns = Math.min(MOST_COLUMNS, (columns & 0x3f) + 1);
    this.#rows = Array.from({ length: rowCount }, (_, row) => (this.#rows[row] ?? []).slice(0, this.#columns));
    this.moveTo(this.#row, this.#column);
  }

  moveTo(row: number, column: number): void {
    this.#row = Math.min(row, this.#rows.length - 1);
    this.#column = Math.min(column, this.#columns - 1);
  }

  /** What goes beyond the last column is written over it. */
  write(character: string): void {
    this.#rows[this.#row][this.#column] = { character, isItalic: this.isItalic };
    this.#column = Math.min(this.#column + 1, this.#columns - 1);
  }

  eraseBefore(): void {
    this.#column = Math.max(0, this.#column - 1);
    this.#rows[this.#row][this.#column] = undefined;
  }

  /** A new line; when there is none below, all move up. */
  breakLine(): void {
    this.#column = 0;
    if (this.#row + 1 < this.#rows.length) this.#row++;
    else this.#rows = [...this.#rows.slice(1), []];
  }

  eraseLine(): void {
    this.#rows[this.#row] = [];
    this.#column = 0;
  }

  clear(): void {
    this.#rows = this.#rows.map(() => []);
    this.moveTo(0, 0);
  }

  /** What a viewer sees, as a payload that is not cleaned; empty when there is nothing. */
  get payload(): string {
    if (!this.isVisible) return '';
    const lines = this.#rows.map(lineOf).filter((line) => line.trim() !== '');
    return lines.join('\n');
  }

  get settings(): string {
    return settingsOfPlace({ alignment: this.#alignment, anchor: this.#anchor }, this.payload.split('\n').length);
  }
}

/** Anchors count from the upper left to the lower right, line by line; a number pad from the lower left. */
function alignmentOf(anchorPoint: number): number {
  if (anchorPoint > 8) return 2;
  return 7 - 3 * Math.floor(anchorPoint / 3) + (anchorPoint % 3);
}

function lineOf(row: readonly (Cell | undefined)[]): string {
  let line = '';
  let isItalic = false;
  for (const cell of Array.from(row)) {
    if (cell && cell.isItalic !== isItalic) {
      isItalic = cell.isItalic;
      line += isItalic ? '<i>' : '</i>';
    }
    line += escapeText(cell?.character ?? ' ');
  }
  return `${line.trimEnd()}${isItalic ? '</i>' : ''}`;
}
