import { MIGRATIONS, type TableStep } from '../../../src/adapters/cluster/cassandra/schema.ts';
import { type Change, type Condition, type Operand, planOf, type Select, type Value } from './cql.ts';

export type Bound = { readonly [name: string]: Value };
export type Cells = { [column: string]: Value };
export type Answer = { readonly rows: readonly Cells[]; readonly isApplied: boolean };

type Shape = {
  readonly name: string;
  readonly columns: readonly string[];
  readonly statics: ReadonlySet<string>;
  readonly partition: readonly string[];
  readonly clustering: readonly string[];
  /** -1 where the order is descending. */
  readonly directions: readonly number[];
};
export type Partition = { readonly key: Cells; statics: Cells | null; rows: Cells[] };

/** Sees every change of a job, title or result as it takes hold. `before`: statics and row as one, null when neither was there. */
export type Watch = (table: string, before: Cells | null, after: Cells, bound: Bound, byWhom: string) => void;

const SHAPES: ReadonlyMap<string, Shape> = new Map(MIGRATIONS.flat().map((step) => [step.table, shapeOf(step)]));
/** Tables whose changes are observed. */
const WATCHED = new Set(['job', 'title', 'result']);
/** The column in which a row with a time to live keeps its end; no query names it. */
const EXPIRY = '$expires';

function shapeOf({ table, columns, order }: TableStep): Shape {
  const [, inner] = /PRIMARY KEY \((.*)\)\s*$/s.exec(columns)!;
  const bracketed = /^\(([^)]*)\)(?:,\s*(.*))?$/s.exec(inner);
  const split = (text: string | undefined) => (text ? text.split(',').map((name) => name.trim()) : []);
  const clustering = bracketed ? split(bracketed[2]) : split(inner).slice(1);
  const definitions = split(columns.replace(/,?\s*PRIMARY KEY.*$/s, '')).filter(Boolean);
  return {
    name: table,
    columns: definitions.map((definition) => definition.split(/\s+/)[0]),
    statics: new Set(definitions.filter((definition) => definition.endsWith('STATIC')).map((definition) => definition.split(/\s+/)[0])),
    partition: bracketed ? split(bracketed[1]) : split(inner).slice(0, 1),
    clustering,
    directions: clustering.map((name) => (order?.includes(`${name} DESC`) ? -1 : 1)),
  };
}

/** Our tables in memory: one copy, changed one statement after the other, as a serial history of them. */
export class Tables {
  readonly #partitions = new Map<string, Map<string, Partition>>();
  readonly #nowMs: () => number;
  watch: Watch = () => {};

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    for (const name of SHAPES.keys()) this.#partitions.set(name, new Map());
  }

  /** For observers. */
  find(table: string, key: readonly Value[]): Partition | undefined {
    return this.#partitions.get(table)!.get(key.join('\u0000'));
  }

  run(text: string, bound: Bound, byWhom: string): Answer {
    const plan = planOf(text);
    switch (plan.kind) {
      case 'time':
        return { rows: [{ now_ms: this.#nowMs() }], isApplied: true };
      case 'select':
        return { rows: this.#select(plan, bound), isApplied: true };
      case 'change':
        return this.#change(plan.changes, bound, byWhom);
    }
  }

  /** Names the partition that a transaction is about. */
  partitionOf(text: string, bound: Bound): string {
    const plan = planOf(text);
    if (plan.kind === 'time') return '';
    if (plan.kind === 'select') {
      const { shape, equals } = lookUp(plan);
      return `${shape.name} ${keyOf(shape, Object.fromEntries(equals.map(({ columns, operands }) => [columns[0], givenBy(operands[0], bound)])))}`;
    }
    return `${plan.changes[0].table} ${keyOf(shapeNamed(plan.changes[0].table), cellsOf(plan.changes[0], bound))}`;
  }

  #change(changes: readonly Change[], bound: Bound, byWhom: string): Answer {
    for (const change of changes) {
      if (change.conditions === null) continue;
      const found = this.#at(shapeNamed(change.table), cellsOf(change, bound));
      const isMet = change.conditions.length === 0 ? found === null : found !== null && holdAll(change.conditions, found, bound);
      if (!isMet) return { rows: [found ?? {}], isApplied: false };
    }
    for (const change of changes) this.#write(change, bound, byWhom);
    return { rows: [], isApplied: true };
  }

  /** A row with its key and statics; where there is no such row, the statics alone; null without either. */
  #at(shape: Shape, given: Cells): Cells | null {
    const partition = this.#partitions.get(shape.name)!.get(keyOf(shape, given));
    if (!partition) return null;
    const isRow = shape.clustering.every((name) => name in given);
    const row = isRow ? partition.rows.find((one) => shape.clustering.every((name) => one[name] === given[name])) : undefined;
    if (!row && !partition.statics) return null;
    return { ...partition.key, ...partition.statics, ...row };
  }

  #write(change: Change, bound: Bound, byWhom: string): void {
    const shape = shapeNamed(change.table);
    const given = cellsOf(change, bound);
    const isWatched = WATCHED.has(shape.name);
    const before = isWatched ? this.#at(shape, given) : null;
    const partition = this.#partitionFor(shape, given);
    const isRow = shape.clustering.length === 0 || shape.clustering.every((column) => column in given);
    if (isRow) this.#writeRow(shape, partition, given, change.ttlSeconds);
    for (const column of shape.statics) {
      if (!(column in given)) continue;
      partition.statics ??= nulls([...shape.statics]);
      partition.statics[column] = given[column];
    }
    if (isWatched) this.watch(change.table, before, this.#at(shape, given)!, bound, byWhom);
  }

  #partitionFor(shape: Shape, given: Cells): Partition {
    const partitions = this.#partitions.get(shape.name)!;
    const name = keyOf(shape, given);
    const found = partitions.get(name) ?? { key: Object.fromEntries(shape.partition.map((column) => [column, given[column]])), statics: null, rows: [] };
    partitions.set(name, found);
    return found;
  }

  #writeRow(shape: Shape, partition: Partition, given: Cells, ttlSeconds: number | null): void {
    let at = 0;
    while (at < partition.rows.length && compareRows(shape, partition.rows[at], given) < 0) at++;
    if (at === partition.rows.length || compareRows(shape, partition.rows[at], given) > 0) {
      const row: Cells = {};
      for (const column of shape.columns) if (!shape.statics.has(column) && !shape.partition.includes(column)) row[column] = null;
      partition.rows.splice(at, 0, row);
    }
    const row = partition.rows[at];
    for (const column in given) if (column in row) row[column] = given[column];
    if (ttlSeconds !== null) row[EXPIRY] = this.#nowMs() + ttlSeconds * 1000;
  }

  #select(select: Select, bound: Bound): Cells[] {
    const { shape, equals, rest } = lookUp(select);
    const key: Cells = {};
    for (const { columns, operands } of equals) key[columns[0]] = givenBy(operands[0], bound);
    const partition = this.#partitions.get(shape.name)!.get(keyOf(shape, key));
    if (!partition) return [];
    let found: Cells[];
    if (select.isDistinct) found = [{}];
    else if (partition.rows.length === 0 && rest.length === 0 && partition.statics) found = [nulls(shape.clustering)];
    else found = partition.rows.filter((row) => (row[EXPIRY] === undefined || Number(row[EXPIRY]) > this.#nowMs()) && holdAll(rest, row, bound));
    if (select.groupBy !== null) found = greatest(found, select.groupBy, select.columns!.find(({ isMax }) => isMax)!.column);
    if (select.limit !== null && found.length > select.limit) found = found.slice(0, select.limit);
    return found.map((row) => selected(select, shape, partition, row));
  }
}

function selected({ columns }: Select, shape: Shape, { key, statics }: Partition, row: Cells): Cells {
  if (columns === null) return { ...nulls(shape.columns), ...key, ...statics, ...row };
  const cells: Cells = {};
  for (const { column, name } of columns) {
    cells[name] = row[column] ?? (statics !== null && shape.statics.has(column) ? statics[column] : key[column]) ?? null;
  }
  return cells;
}

type LookUp = { readonly shape: Shape; readonly equals: readonly Condition[]; readonly rest: readonly Condition[] };
const lookUps = new Map<Select, LookUp>();

function lookUp(select: Select): LookUp {
  const known = lookUps.get(select);
  if (known) return known;
  const shape = shapeNamed(select.table);
  const isKey = ({ columns }: Condition) => shape.partition.includes(columns[0]);
  const made = { shape, equals: select.where.filter(isKey), rest: select.where.filter((condition) => !isKey(condition)) };
  lookUps.set(select, made);
  return made;
}

function shapeNamed(table: string): Shape {
  const shape = SHAPES.get(table);
  if (!shape) throw new TypeError(`there is no table ${table}`);
  return shape;
}

function holdAll(conditions: readonly Condition[], row: Cells, bound: Bound): boolean {
  for (const condition of conditions) if (!holds(condition, row, bound)) return false;
  return true;
}

function nulls(columns: readonly string[]): Cells {
  return Object.fromEntries(columns.map((column) => [column, null]));
}

/** Of each group the row with the greatest value. */
function greatest(rows: readonly Cells[], groupBy: string, column: string): Cells[] {
  const best = new Map<Value, Cells>();
  for (const row of rows) {
    const known = best.get(row[groupBy]);
    if (!known || compare(row[column], known[column]) > 0) best.set(row[groupBy], row);
  }
  return [...best.values()];
}

function cellsOf({ assignments }: Change, bound: Bound): Cells {
  const cells: Cells = {};
  for (const { column, operand } of assignments) cells[column] = givenBy(operand, bound);
  return cells;
}

function givenBy(operand: Operand, bound: Bound): Value {
  if ('constant' in operand) return operand.constant;
  const value = bound[operand.bound];
  if (value === undefined) throw new TypeError(`:${operand.bound} is not given`);
  return value;
}

function keyOf(shape: Shape, cells: Cells): string {
  let key = '';
  for (const column of shape.partition) {
    if (cells[column] === undefined) throw new TypeError(`${shape.name}.${column} is not given`);
    key += key === '' ? String(cells[column]) : `\u0000${cells[column]}`;
  }
  return key;
}

function holds({ columns, operator, operands }: Condition, row: Cells, bound: Bound): boolean {
  if (operator === 'IN') return operands.some((operand) => givenBy(operand, bound) === row[columns[0]]);
  if (operator === '=') return (row[columns[0]] ?? null) === givenBy(operands[0], bound);
  let order = 0;
  for (let i = 0; i < columns.length && order === 0; i++) order = compare(row[columns[i]], givenBy(operands[i], bound));
  return operator === '<' ? order < 0 : operator === '>' ? order > 0 : operator === '<=' ? order <= 0 : order >= 0;
}

function compareRows(shape: Shape, a: Cells, b: Cells): number {
  for (let i = 0; i < shape.clustering.length; i++) {
    const order = compare(a[shape.clustering[i]], b[shape.clustering[i]]);
    if (order !== 0) return order * shape.directions[i];
  }
  return 0;
}

function compare(a: Value, b: Value): number {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : 1;
  return Number(a) < Number(b) ? -1 : 1;
}
