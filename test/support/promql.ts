/** One series of one scrape. */
type Sample = { readonly name: string; readonly labels: Labels; readonly value: number };
type Labels = { readonly [name: string]: string };
/** What a process told at a moment. */
export type Scrape = { readonly atSeconds: number; readonly instance: string; readonly text: string };

type Series = { readonly labels: Labels; readonly value: number };
type Value = number | readonly Series[];
type Point = { readonly atSeconds: number; readonly value: number };
type History = { readonly name: string; readonly labels: Labels; readonly points: readonly Point[] };
type Expression = (world: World) => Value;
type World = { readonly histories: readonly History[]; readonly nowSeconds: number };

/** A series that was not told for so long is gone (Prometheus' own look-back). */
const LOOK_BACK_SECONDS = 300;
const UNITS: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600 };
const TOKEN = /\s*(\d+[smh]\b|\d+(?:\.\d+)?(?:e\d+)?|[A-Za-z_]\w*|"[^"]*"|=~|!=|==|>=|<=|[-+*/<>=(){}[\],])/y;
const COMPARE: { readonly [word: string]: (a: number, b: number) => boolean } = {
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};
const AGGREGATES: { readonly [name: string]: (values: readonly number[]) => number } = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  max: (values) => Math.max(...values),
  count: (values) => values.length,
};

/**
 * Evaluates the part of PromQL that our alerts keep to, over scrapes up to now: selectors, `increase`, `rate`, `min_over_time`, `absent`, aggregation with `by`, division,
 * comparison and `and`. `increase` is not stretched to the borders of its range as Prometheus does. Throws for anything else.
 * @returns the series of the answer: an alert fires for each
 */
export function evaluate(expression: string, scrapes: readonly Scrape[], nowSeconds: number): readonly Series[] {
  const answer = parse(expression).run({ histories: historiesOf(scrapes, nowSeconds), nowSeconds });
  if (typeof answer === 'number') throw new Error('an alert is about series, not about a number');
  return answer;
}

/** Names of metrics that an expression speaks of, with the labels it asks for. */
export function selectorsOf(expression: string): readonly { readonly name: string; readonly labels: readonly string[] }[] {
  return parse(expression).selectors;
}

/** Reads Prometheus' text format. Throws for a line that is none. */
export function parseMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    if (line === '' || /^# (HELP \w+ .+|TYPE \w+ (counter|gauge|histogram))$/.test(line)) return [];
    const [, name, labels, value] = /^([a-z_]\w*)(?:\{((?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[\d.]+(?:e[+-]?\d+)?)$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`no line of metrics: ${line}`);
    const pairs = [...(labels ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((pair) => [pair[1], pair[2]]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

function historiesOf(scrapes: readonly Scrape[], nowSeconds: number): History[] {
  const histories = new Map<string, { name: string; labels: Labels; points: Point[] }>();
  for (const { atSeconds, instance, text } of scrapes.filter((scrape) => scrape.atSeconds <= nowSeconds)) {
    for (const { name, labels, value } of parseMetrics(text)) {
      const all = { ...labels, instance };
      const key = name + keyOf(all);
      const history = histories.get(key) ?? { name, labels: all, points: [] as Point[] };
      histories.set(key, history);
      history.points.push({ atSeconds, value });
    }
  }
  return [...histories.values()];
}

function parse(text: string): { readonly run: Expression; readonly selectors: { name: string; labels: string[] }[] } {
  const parser = new Parser(text);
  return { run: parser.whole(), selectors: parser.selectors };
}

class Parser {
  readonly selectors: { name: string; labels: string[] }[] = [];
  readonly #tokens: string[] = [];

  constructor(text: string) {
    TOKEN.lastIndex = 0;
    for (let found = TOKEN.exec(text); found; found = TOKEN.exec(text)) this.#tokens.push(found[1]);
    if (this.#tokens.join('') !== text.replace(/\s/g, '')) throw new Error(`not read here: ${text}`);
  }

  whole(): Expression {
    const run = this.#and();
    if (this.#tokens.length > 0) throw new Error(`what of ${this.#tokens.join(' ')}?`);
    return run;
  }

  #and(): Expression {
    let left = this.#comparison();
    while (this.#skips('and')) {
      const [a, b] = [left, this.#comparison()];
      left = (world) => {
        const keys = new Set(seriesOf(b(world)).map(({ labels }) => keyOf(labels)));
        return seriesOf(a(world)).filter(({ labels }) => keys.has(keyOf(labels)));
      };
    }
    return left;
  }

  #comparison(): Expression {
    const left = this.#quotient();
    const word = this.#tokens[0];
    if (!Object.hasOwn(COMPARE, word ?? '')) return left;
    this.#tokens.shift();
    const bound = Number(this.#tokens.shift());
    if (Number.isNaN(bound)) throw new Error(`a number expected after ${word}`);
    return (world) => seriesOf(left(world)).filter(({ value }) => COMPARE[word](value, bound));
  }

  #quotient(): Expression {
    const left = this.#term();
    if (!this.#skips('/')) return left;
    const right = this.#term();
    return (world) => {
      const divisors = new Map(seriesOf(right(world)).map(({ labels, value }) => [keyOf(labels), value]));
      const fitting = seriesOf(left(world)).filter(({ labels }) => divisors.has(keyOf(labels)));
      return fitting.map(({ labels, value }) => ({ labels, value: value / divisors.get(keyOf(labels))! }));
    };
  }

  #term(): Expression {
    if (this.#skips('(')) return this.#closing(this.#and());
    const name = this.#tokens.shift() ?? '';
    if (Object.hasOwn(AGGREGATES, name)) return this.#aggregate(AGGREGATES[name]);
    if (this.#tokens[0] !== '(') return instant(this.#selector(name));
    this.#expect('(');
    if (name === 'absent') {
      const inner = this.#and();
      return this.#closing((world) => (seriesOf(inner(world)).length === 0 ? [{ labels: {}, value: 1 }] : []));
    }
    const select = this.#selector(this.#tokens.shift() ?? '');
    this.#expect('[');
    const seconds = secondsOf(this.#tokens.shift() ?? '');
    this.#expect(']');
    return this.#closing(overTime(name, select, seconds));
  }

  #aggregate(fold: (values: readonly number[]) => number): Expression {
    const by: string[] = [];
    if (this.#skips('by')) {
      this.#expect('(');
      do by.push(this.#tokens.shift()!);
      while (this.#skips(','));
      this.#expect(')');
    }
    this.#expect('(');
    const inner = this.#closing(this.#and());
    return (world) => {
      const kept = (labels: Labels) => Object.fromEntries(by.filter((name) => labels[name] !== undefined).map((name) => [name, labels[name]]));
      const groups = Map.groupBy(seriesOf(inner(world)), ({ labels }) => keyOf(kept(labels)));
      return [...groups.values()].map((group) => ({ labels: kept(group[0].labels), value: fold(group.map(({ value }) => value)) }));
    };
  }

  #selector(name: string): (history: History) => boolean {
    if (!/^[a-z_]\w*$/.test(name)) throw new Error(`no name of a metric: ${name}`);
    const wanted: [string, string][] = [];
    if (this.#skips('{')) {
      do {
        const label = this.#tokens.shift()!;
        this.#expect('=');
        wanted.push([label, this.#tokens.shift()!.slice(1, -1)]);
      } while (this.#skips(','));
      this.#expect('}');
    }
    this.selectors.push({ name, labels: wanted.map(([label]) => label) });
    return (history) => history.name === name && wanted.every(([label, value]) => history.labels[label] === value);
  }

  #closing(run: Expression): Expression {
    this.#expect(')');
    return run;
  }

  #skips(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }

  #expect(token: string): void {
    if (!this.#skips(token)) throw new Error(`${token} expected before ${this.#tokens.join(' ') || 'the end'}`);
  }
}

function instant(selects: (history: History) => boolean): Expression {
  return ({ histories, nowSeconds }) =>
    histories.filter(selects).flatMap(({ labels, points }) => {
      const last = points.at(-1)!;
      // A process that was read again without this series no longer has it.
      const read = Math.max(...histories.filter((other) => other.labels.instance === labels.instance).map((other) => other.points.at(-1)!.atSeconds));
      return last.atSeconds === read && nowSeconds - read <= LOOK_BACK_SECONDS ? [{ labels, value: last.value }] : [];
    });
}

function overTime(name: string, selects: (history: History) => boolean, seconds: number): Expression {
  return ({ histories, nowSeconds }) =>
    histories.filter(selects).flatMap(({ labels, points }) => {
      const inside = points.filter(({ atSeconds }) => atSeconds > nowSeconds - seconds);
      if (name === 'min_over_time') return inside.length === 0 ? [] : [{ labels, value: Math.min(...inside.map(({ value }) => value)) }];
      if (name !== 'increase' && name !== 'rate') throw new Error(`not read here: ${name}`);
      if (inside.length < 2) return [];
      const grown = inside.slice(1).reduce((sum, { value }, i) => sum + (value >= inside[i].value ? value - inside[i].value : value), 0);
      return [{ labels, value: name === 'rate' ? grown / seconds : grown }];
    });
}

export function secondsOf(duration: string): number {
  const [, count, unit] = /^(\d+)([smh])$/.exec(duration) ?? [];
  if (unit === undefined) throw new Error(`no time: ${duration}`);
  return Number(count) * UNITS[unit];
}

function seriesOf(value: Value): readonly Series[] {
  if (typeof value === 'number') throw new Error('series expected');
  return value;
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
