const PERCENT = String.raw`(?:100(?:\.0{1,6})?|\d{1,2}(?:\.\d{1,6})?)%`;
/** W3C WebVTT section 4.4, without regions: they stand in a part of the file that is not kept. */
const KNOWN: { readonly [name: string]: RegExp } = {
  vertical: /^(?:rl|lr)$/,
  line: new RegExp(`^(?:-?\\d{1,4}|${PERCENT})(?:,(?:start|center|end))?$`),
  position: new RegExp(`^${PERCENT}(?:,(?:line-left|center|line-right))?$`),
  size: new RegExp(`^${PERCENT}$`),
  align: /^(?:start|center|end|left|right)$/,
};

const LONGEST = 200;

/** The settings of a cue that mean something, each name once, parted by single spaces; empty when there are none. */
export function cleanSettings(text: string): string {
  const kept = new Map<string, string>();
  for (const setting of text.slice(0, LONGEST).split(/[ \t]+/)) {
    const [name, value] = setting.split(/:(.*)/s, 2);
    // An earlier draft of the standard said middle.
    const meant = name === 'align' && value === 'middle' ? 'center' : value;
    if (Object.hasOwn(KNOWN, name) && KNOWN[name].test(meant ?? '') && !kept.has(name)) kept.set(name, `${name}:${meant}`);
  }
  return [...kept.values()].join(' ');
}

/** Where ASS puts a text: `alignment` as on a number pad (1 below left … 9 above right), and the place of that corner or edge in shares of the picture. */
export type AssPlace = { readonly alignment: number; readonly anchor: { readonly x: number; readonly y: number } | null };

/** What a line of text takes of the picture's height in players: a font of 5.33 % (W3C WebVTT section 7.4) and its spacing. */
const LINE_PERCENT = 6;
const MARGIN_PERCENT = 5;

/**
 * Cue settings for a place, empty for the usual one. WebVTT names the upper edge of a text only (players know no other yet), so what ASS hangs by its
 * middle or lower edge is moved up by the height that its lines will have, about.
 */
export function settingsOfPlace({ alignment, anchor }: AssPlace, lineCount: number): string {
  const column = (alignment - 1) % 3;
  const row = Math.floor((alignment - 1) / 3);
  const settings: string[] = [];
  const above = [lineCount, lineCount / 2, 0][row] * LINE_PERCENT;
  if (anchor) settings.push(`line:${percent(100 * anchor.y - above)}`);
  else if (row === 2) settings.push('line:0');
  else if (row === 1) settings.push(`line:${percent(50 - above)}`);
  if (anchor) settings.push(`position:${percent(100 * anchor.x)}`);
  else if (column !== 1) settings.push(`position:${column === 0 ? MARGIN_PERCENT : 100 - MARGIN_PERCENT}%`);
  if (column !== 1) settings.push(column === 0 ? 'align:left' : 'align:right');
  return settings.join(' ');
}

function percent(value: number): string {
  return `${Math.round(Math.min(100, Math.max(0, value)) * 10) / 10}%`;
}
