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

/** Sees every change of a row as it takes hold. `before`: statics and row as one, null when neither was there. */
export type Watch = (table: string, before: Cells | null, after: Cells, bound: Bound, byWhom: string) => void;

const SHAPES: ReadonlyMap<string, Shape> = new Map(MIGRATIONS.flat().map((step) => [step.table, shapeOf(step)]));
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

  /** Statics and rows of everything in a table, for observers. */
  *all(table: string): Iterable<Partition> {
    yield* this.#partitions.get(table)!.values();
  }

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
      const key: Cells = {};
      for (const { columns, operator, operands } of plan.where) if (operator === '=') key[columns[0]] = valueOf(operands[0], bound);
      return `${plan.table} ${keyOf(SHAPES.get(plan.table)!, key)}`;
    }
    return `${plan.changes[0].table} ${keyOf(SHAPES.get(plan.changes[0].table)!, cellsOf(plan.changes[0], bound))}`;
  }

  #change(changes: readonly Change[], bound: Bound, byWhom: string): Answer {
    for (const change of changes) {
      if (change.conditions === null) continue;
      const found = this.#at(change, bound);
      const isMet = change.conditions.length === 0 ? found === null : found !== null && change.conditions.every((condition) => holds(condition, found, bound));
      if (!isMet) return { rows: found ? [found] : [{}], isApplied: false };
    }
    for (const change of changes) this.#write(change, bound, byWhom);
    return { rows: [], isApplied: true };
  }

  /** What a condition is held against: the row with its statics; for a change of statics only, the statics. */
  #at(change: Change, bound: Bound): Cells | null {
    const shape = SHAPES.get(change.table)!;
    const given = cellsOf(change, bound);
    const partition = this.#partitions.get(change.table)!.get(keyOf(shape, given));
    if (!partition) return null;
    const isRow = shape.clustering.every((name) => name in given);
    const row = isRow ? partition.rows.find((one) => shape.clustering.every((name) => one[name] === given[name])) : undefined;
    if (!row && !partition.statics) return null;
    return { ...partition.key, ...partition.statics, ...row };
  }

  #write(change: Change, bound: Bound, byWhom: string): void {
    const shape = SHAPES.get(change.table)!;
    const given = cellsOf(change, bound);
    const before = this.#at(change, bound);
    const partitions = this.#partitions.get(change.table)!;
    const name = keyOf(shape, given);
    let partition = partitions.get(name);
    if (!partition) {
      partition = { key: Object.fromEntries(shape.partition.map((column) => [column, given[column]])), statics: null, rows: [] };
      partitions.set(name, partition);
    }
    const isRow = shape.clustering.length === 0 || shape.clustering.every((column) => column in given);
    if (isRow) this.#writeRow(shape, partition, given, change.ttlSeconds);
    for (const column of shape.statics) {
      if (!(column in given)) continue;
      partition.statics ??= Object.fromEntries([...shape.statics].map((one) => [one, null]));
      partition.statics[column] = given[column];
    }
    this.watch(change.table, before, this.#at(change, bound)!, bound, byWhom);
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

  #select({ table, where, columns, isDistinct, groupBy, limit }: Select, bound: Bound): Cells[] {
    const shape = SHAPES.get(table)!;
    const key: Cells = {};
    for (const { columns: names, operator, operands } of where) if (operator === '=') key[names[0]] = valueOf(operands[0], bound);
    const partition = this.#partitions.get(table)!.get(keyOf(shape, key));
    if (!partition) return [];
    const rest = where.filter((condition) => !shape.partition.includes(condition.columns[0]));
    let found: Cells[] = [];
    if (isDistinct) found = [{ ...partition.key, ...partition.statics }];
    else {
      for (const row of partition.rows) {
        if (row[EXPIRY] !== undefined && Number(row[EXPIRY]) <= this.#nowMs()) continue;
        if (rest.every((condition) => holds(condition, row, bound))) found.push({ ...partition.key, ...partition.statics, ...row });
      }
      if (partition.rows.length === 0 && rest.length === 0 && partition.statics) found = [{ ...nulls(shape.columns), ...partition.key, ...partition.statics }];
    }
    if (groupBy !== null) found = greatest(found, groupBy, columns!.find(({ isMax }) => isMax)!.column);
    if (limit !== null) found = found.slice(0, limit);
    return columns === null ? found : found.map((row) => Object.fromEntries(columns.map(({ column, name }) => [name, row[column] ?? null])));
  }
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
  for (const { column, operand } of assignments) cells[column] = valueOf(operand, bound);
  return cells;
}

function valueOf(operand: Operand, bound: Bound): Value {
  if ('constant' in operand) return operand.constant;
  const value = bound[operand.bound];
  if (value === undefined) throw new TypeError(`:${operand.bound} is not given`);
  return value;
}

function keyOf(shape: Shape, cells: Cells): string {
  let key = '';
  for (const [i, column] of shape.partition.entries()) {
    if (cells[column] === undefined) throw new TypeError(`${shape.name}.${column} is not given`);
    key += i === 0 ? String(cells[column]) : `\u0000${cells[column]}`;
  }
  return key;
}

function holds({ columns, operator, operands }: Condition, row: Cells, bound: Bound): boolean {
  if (operator === 'IN') return operands.some((operand) => valueOf(operand, bound) === row[columns[0]]);
  if (operator === '=') return (row[columns[0]] ?? null) === valueOf(operands[0], bound);
  let order = 0;
  for (let i = 0; i < columns.length && order === 0; i++) order = compare(row[columns[i]], valueOf(operands[i], bound));
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
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Number(a) < Number(b) ? -1 : 1;
}
