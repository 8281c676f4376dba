import { showinfoLines } from './showinfo.ts';

/** How a picture says it is to be shown. */
export type Look = {
  readonly ptsTicks: number;
  /** As in 1920x1080. */
  readonly size: string;
  /** Width ÷ height of a pixel, as in 16/15. */
  readonly sampleAspect: string;
  readonly isInterlaced: boolean;
  /** As ffmpeg spells them; `unknown` where the picture does not say. */
  readonly range: string;
  readonly matrix: string;
};

/** Times of the first pictures that are to be shown in another way than those before, on the source's clock; null: none. */
export type LookChanges = {
  readonly sizePtsTicks: number | null;
  readonly shapePtsTicks: number | null;
  readonly colorPtsTicks: number | null;
  readonly interlacedPtsTicks: number | null;
};

const SECONDS_BETWEEN = 2;
const MOST_LOOKS = 1000;

/** A branch that has ffmpeg tell the look of a key picture every two seconds: only there may it change. What else a picture carries is left out. */
export const LOOK_FILTERS = `select='key*(isnan(prev_selected_t)+gte(t-prev_selected_t\\,${SECONDS_BETWEEN}))',sidedata=mode=delete,showinfo=checksum=0,nullsink`;

const PICTURE = /^n: *\d+ pts: *(-?\d{1,18}) .{0,200}? sar:(\d{1,10}\/\d{1,10}) s:(\d{1,6}x\d{1,6}) i:([PTB]) /;
const COLORS = /^color_range:(\S{1,40}) color_space:(\S{1,40}) /;

/** Whether ffmpeg built its filters anew on the way, as it does only where pictures begin or cease to say how they are turned. */
export function beganAnew(log: string): boolean {
  return showinfoLines(log).filter((line) => line.startsWith('config in ')).length > 1;
}

/** Reads what `LOOK_FILTERS` made ffmpeg log; looks that repeat the one before are left out. */
export function parseLooks(log: string): Look[] {
  const looks: Look[] = [];
  let picture: RegExpExecArray | null = null;
  for (const line of showinfoLines(log)) {
    picture = PICTURE.exec(line) ?? picture;
    const colors = picture && COLORS.exec(line);
    if (picture === null || colors === null) continue;
    const [ptsTicks, sampleAspect, size, isInterlaced] = [Number(picture[1]), picture[2], picture[3], picture[4] !== 'P'];
    const look = { ptsTicks, size, sampleAspect, isInterlaced, range: colors[1], matrix: colors[2] };
    picture = null;
    if (looks.length < MOST_LOOKS && !isAlike(looks.at(-1), look)) looks.push(look);
  }
  return looks;
}

function isAlike(own: Look | undefined, { size, sampleAspect, isInterlaced, range, matrix }: Look): boolean {
  return own?.size === size && own.sampleAspect === sampleAspect && own.isInterlaced === isInterlaced && own.range === range && own.matrix === matrix;
}

/** Holds looks to each other as they come. Those of a container may differ from all of them: only changes count, and what a picture does not say is none. */
export class LookMeter {
  readonly #first = new Map<'size' | 'sampleAspect' | 'range' | 'matrix', string>();
  #sizePtsTicks: number | null = null;
  #shapePtsTicks: number | null = null;
  #colorPtsTicks: number | null = null;
  #interlacedPtsTicks: number | null = null;

  push(look: Look): void {
    const { ptsTicks } = look;
    if (look.isInterlaced) this.#interlacedPtsTicks ??= ptsTicks;
    if (this.#differs('size', look.size)) this.#sizePtsTicks ??= ptsTicks;
    if (this.#differs('sampleAspect', look.sampleAspect === '0/1' ? '1/1' : look.sampleAspect)) this.#shapePtsTicks ??= ptsTicks;
    const differs = [this.#differs('range', look.range), this.#differs('matrix', alikeMatrix(look.matrix))];
    if (differs.includes(true)) this.#colorPtsTicks ??= ptsTicks;
  }

  get changes(): LookChanges {
    return {
      sizePtsTicks: this.#sizePtsTicks,
      shapePtsTicks: this.#shapePtsTicks,
      colorPtsTicks: this.#colorPtsTicks,
      interlacedPtsTicks: this.#interlacedPtsTicks,
    };
  }

  #differs(measure: 'size' | 'sampleAspect' | 'range' | 'matrix', value: string): boolean {
    if (value === 'unknown') return false;
    const first = this.#first.get(measure);
    if (first === undefined) this.#first.set(measure, value);
    return first !== undefined && first !== value;
  }
}

/** ITU-R BT.601 has two names with the same numbers. */
function alikeMatrix(matrix: string): string {
  return matrix === 'bt470bg' ? 'smpte170m' : matrix;
}
