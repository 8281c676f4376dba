export type Labels = { readonly [name: string]: string };

type Kind = 'counter' | 'gauge' | 'histogram';
type Metric = { readonly name: string; readonly help: string; readonly kind: Kind; lines(): string[] };

/** Brings gauges up to date just before they are read. */
type Collect = () => Promise<void>;

/** The metrics of one process, told in Prometheus' text format, version 0.0.4. Names and labels are ours; values of labels may be any text. */
export class Registry {
  readonly #metrics: Metric[] = [];
  readonly #collects: Collect[] = [];

  /** Grows only. Its name ends in `_total`. */
  counter(name: string, help: string): Counter {
    return this.#add(new Counter(name, help, 'counter'));
  }

  gauge(name: string, help: string): Gauge {
    return this.#add(new Gauge(name, help, 'gauge'));
  }

  /** @param bounds upper ends of the buckets, ascending; one without an end is added */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    return this.#add(new Histogram(name, help, bounds));
  }

  beforeReading(collect: Collect): void {
    this.#collects.push(collect);
  }

  /** A gauge whose collection fails keeps what it had. */
  async text(): Promise<string> {
    await Promise.allSettled(this.#collects.map((collect) => collect()));
    const blocks = this.#metrics.map(({ name, help, kind, lines }) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines()]);
    return `${blocks.flat().join('\n')}\n`;
  }

  #add<M extends Metric>(metric: M): M {
    this.#metrics.push(metric);
    return metric;
  }
}

class Values implements Metric {
  readonly name: string;
  readonly help: string;
  readonly kind: Kind;
  protected readonly values = new Map<string, number>();

  constructor(name: string, help: string, kind: Kind) {
    this.name = name;
    this.help = help;
    this.kind = kind;
  }

  lines = (): string[] => [...this.values].map(([labels, value]) => `${this.name}${labels} ${value}`);
}

class Counter extends Values {
  /** With 0 the series is there before anything happens: its first event is then seen as growth. */
  add(labels: Labels, by = 1): void {
    const text = labelText(labels);
    this.values.set(text, (this.values.get(text) ?? 0) + by);
  }

  /** For what is counted elsewhere. */
  reach(labels: Labels, value: number): void {
    const text = labelText(labels);
    this.values.set(text, Math.max(this.values.get(text) ?? 0, value));
  }
}

export class Gauge extends Values {
  set(labels: Labels, value: number): void {
    this.values.set(labelText(labels), value);
  }

  /** Every series in place of those before. */
  replace(series: Iterable<readonly [Labels, number]>): void {
    this.values.clear();
    for (const [labels, value] of series) this.set(labels, value);
  }
}

type Buckets = { readonly labels: Labels; readonly counts: number[]; sum: number; count: number };

class Histogram implements Metric {
  readonly name: string;
  readonly help: string;
  readonly kind = 'histogram';
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Buckets>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
  }

  observe(labels: Labels, value: number): void {
    const text = labelText(labels);
    const series = this.#series.get(text) ?? { labels, counts: this.#bounds.map(() => 0), sum: 0, count: 0 };
    this.#series.set(text, series);
    for (const [i, bound] of this.#bounds.entries()) if (value <= bound) series.counts[i] += 1;
    series.sum += value;
    series.count += 1;
  }

  lines = (): string[] =>
    [...this.#series.values()].flatMap(({ labels, counts, sum, count }) => [
      ...this.#bounds.map((bound, i) => `${this.name}_bucket${labelText({ ...labels, le: String(bound) })} ${counts[i]}`),
      `${this.name}_bucket${labelText({ ...labels, le: '+Inf' })} ${count}`,
      `${this.name}_sum${labelText(labels)} ${sum}`,
      `${this.name}_count${labelText(labels)} ${count}`,
    ]);
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
