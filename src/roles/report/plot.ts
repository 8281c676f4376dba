import { type Html, html } from './html.ts';

export type Point = readonly [seconds: number, value: number];

export type Plot = {
  readonly label: string;
  readonly endSeconds: number;
  readonly range: readonly [low: number, high: number];
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
  /** `color`: 0 to 5. */
  readonly lines: readonly { readonly color: number; readonly points: readonly Point[] }[];
  readonly borders: readonly number[];
  /** Stretches that say something when pointed at. */
  readonly hints: readonly { readonly startSeconds: number; readonly endSeconds: number; readonly text: string }[];
  readonly badges: readonly { readonly at: Point; readonly text: string; readonly target: string }[];
};

const WIDTH = 1000;
const HEIGHT = 100;
/** More borders than this are a grey wall. */
const MOST_BORDERS = 400;

/** Steps that fill `[0, high]` with three to five round numbers, and the last of them. */
export function roundTicks(high: number): readonly number[] {
  const rough = Math.max(high, 1e-9) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? 10 * power;
  return Array.from({ length: Math.ceil(high / step - 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

/**
 * A plot over the title's time. The drawing stretches to any width and has no text of its own; labels are laid over it, so that they stay readable on a phone.
 */
export function plotHtml(plot: Plot): Html {
  const { lines, borders, hints, ticks, format, badges } = plot;
  const marks = borders.length <= MOST_BORDERS ? borders.map((at) => html`<path class="border" d="${`M${x(plot, at)} 0V${HEIGHT}`}"/>`) : [];
  const shown = hints.map(({ startSeconds, endSeconds, text }) => {
    const from = x(plot, startSeconds);
    return html`<rect class="hint" x="${from}" y="0" width="${Math.max(0, x(plot, endSeconds) - from).toFixed(1)}" height="${HEIGHT}"><title>${text}</title></rect>`;
  });
  return html`<div class="plot" role="img" aria-label="${plot.label}">
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">
${ticks.map((tick) => html`<path class="grid" d="${`M0 ${y(plot, tick)}H${WIDTH}`}"/>`)}
${marks}
${lines.map(({ color, points }) => html`<path class="line c${color}" d="${pathOf(plot, points)}"/>`)}
${shown}
</svg>
${ticks.map((tick) => html`<span class="y" style="top:${y(plot, tick)}%">${format(tick)}</span>`)}
${timeTicks(plot.endSeconds).map((tick) => html`<span class="x" style="left:${percent(plot, tick)}%">${clock(tick)}</span>`)}
${badges.map(({ at, text, target }) => html`<a class="badge" href="#${target}" style="left:${percent(plot, at[0])}%;top:${y(plot, at[1])}%">${text}</a>`)}
</div>`;
}

/** Hours, minutes and seconds as a player shows them. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number: number) => String(number).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** At most five, so that they do not touch on a phone. */
export function timeTicks(endSeconds: number): readonly number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];
  const step = steps.find((candidate) => endSeconds / candidate <= 5) ?? endSeconds / 4;
  return Array.from({ length: Math.floor(endSeconds / step) + 1 }, (_, i) => i * step);
}

function pathOf(plot: Plot, points: readonly Point[]): string {
  return points.map(([at, value], i) => `${i === 0 ? 'M' : 'L'}${x(plot, at)} ${y(plot, value)}`).join('');
}

function share(plot: Plot, seconds: number): number {
  return Math.min(1, Math.max(0, seconds / (plot.endSeconds || 1)));
}

function x(plot: Plot, seconds: number): number {
  return Number((WIDTH * share(plot, seconds)).toFixed(1));
}

function percent(plot: Plot, seconds: number): number {
  return Number((100 * share(plot, seconds)).toFixed(2));
}

/** Of the height, which is 100: also a percentage. */
function y({ range: [low, high] }: Plot, value: number): number {
  const part = (Math.min(high, Math.max(low, value)) - low) / (high - low || 1);
  return Number((HEIGHT * (1 - part)).toFixed(2));
}
