/**
 * The part of CQL that our Cassandra adapters use, read into plans: INSERT, UPDATE and conditional BATCH, and SELECT from one partition by key and
 * clustering range. Anything else is refused, so that a new statement cannot be misunderstood.
 */
export type Value = string | number | boolean | Buffer | null;
/** A constant, or the name of a bound value. */
export type Operand = { readonly constant: Value } | { readonly bound: string };
export type Operator = '=' | '<' | '>' | '<=' | '>=' | 'IN';
/** One or, for tuples, several columns against as many operands; for IN one column against any of the operands. */
export type Condition = { readonly columns: readonly string[]; readonly operator: Operator; readonly operands: readonly Operand[] };
export type Assignment = { readonly column: string; readonly operand: Operand };

export type Change = {
  readonly kind: 'insert' | 'update';
  readonly table: string;
  /** All columns that are given: keys and values. */
  readonly assignments: readonly Assignment[];
  /** Null: unconditional. Empty: only if the row does not exist. */
  readonly conditions: readonly Condition[] | null;
  readonly ttlSeconds: number | null;
};
export type Selection = { readonly column: string; readonly name: string; readonly isMax: boolean };
export type Select = {
  readonly kind: 'select';
  readonly table: string;
  readonly isDistinct: boolean;
  /** Null: all columns. */
  readonly columns: readonly Selection[] | null;
  readonly where: readonly Condition[];
  readonly groupBy: string | null;
  readonly limit: number | null;
};
export type Plan = Select | { readonly kind: 'change'; readonly changes: readonly Change[] } | { readonly kind: 'time' };

const TOKEN = /\s*(?:'((?:[^']|'')*)'|(:?[a-zA-Z_][a-zA-Z_0-9.]*)|(-?\d+)|(<=|>=|[=<>(),;*]))/gy;
const plans = new Map<string, Plan>();

/** Plans are kept: the adapters have a few dozen statements. */
export function planOf(text: string): Plan {
  const known = plans.get(text);
  if (known) return known;
  const plan = new Parser(text).parse();
  plans.set(text, plan);
  return plan;
}

type Token = { readonly word: string } | { readonly constant: Value };

class Parser {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    TOKEN.lastIndex = 0;
    const trimmed = text.trimEnd();
    while (TOKEN.lastIndex < trimmed.length) {
      const match = TOKEN.exec(trimmed);
      if (match === null) throw new SyntaxError(`not understood: ${text}`);
      const [, quoted, word, digits, sign] = match;
      if (quoted !== undefined) this.#tokens.push({ constant: quoted.replaceAll("''", "'") });
      else if (digits !== undefined) this.#tokens.push({ constant: Number(digits) });
      else if (word === 'true' || word === 'false') this.#tokens.push({ constant: word === 'true' });
      else this.#tokens.push({ word: word ?? sign });
    }
  }

  parse(): Plan {
    if (this.#text.includes('toUnixTimestamp(now())')) return { kind: 'time' };
    const plan = this.#takes('SELECT') ? this.#select() : { kind: 'change' as const, changes: this.#changes() };
    if (this.#at < this.#tokens.length) this.#fail();
    return plan;
  }

  #select(): Select {
    const isDistinct = this.#takes('DISTINCT');
    const columns = this.#takes('*') ? null : this.#list(() => this.#selection());
    this.#expect('FROM');
    const table = this.#word();
    this.#expect('WHERE');
    const where = this.#conditions();
    const groupBy = this.#takes('GROUP') ? this.#wordAfter('BY') : null;
    const limit = this.#takes('LIMIT') ? Number(this.#constant()) : null;
    return { kind: 'select', table, isDistinct, columns, where, groupBy, limit };
  }

  #selection(): Selection {
    const isMax = this.#takes('max');
    if (isMax) this.#expect('(');
    const column = this.#word();
    if (isMax) this.#expect(')');
    return { column, name: this.#takes('AS') ? this.#word() : column, isMax };
  }

  #changes(): Change[] {
    if (!this.#takes('BEGIN')) return [this.#change()];
    this.#expect('BATCH');
    const changes: Change[] = [];
    while (!this.#takes('APPLY')) {
      changes.push(this.#change());
      this.#takes(';');
    }
    this.#expect('BATCH');
    return changes;
  }

  #change(): Change {
    if (this.#takes('INSERT')) return this.#insert();
    this.#expect('UPDATE');
    const table = this.#word();
    this.#expect('SET');
    const set = this.#list(() => {
      const column = this.#word();
      this.#expect('=');
      return { column, operand: this.#operand() };
    });
    this.#expect('WHERE');
    const keys = this.#conditions().map(({ columns, operands }) => ({ column: columns[0], operand: operands[0] }));
    return { kind: 'update', table, assignments: [...keys, ...set], conditions: this.#takes('IF') ? this.#conditions() : null, ttlSeconds: null };
  }

  #insert(): Change {
    this.#expect('INTO');
    const table = this.#word();
    const columns = this.#inBrackets(() => this.#word());
    this.#expect('VALUES');
    const operands = this.#inBrackets(() => this.#operand());
    if (columns.length !== operands.length) this.#fail();
    const isConditional = this.#takes('IF');
    if (isConditional) for (const word of ['NOT', 'EXISTS']) this.#expect(word);
    const isPassing = this.#takes('USING');
    if (isPassing) this.#expect('TTL');
    const ttlSeconds = isPassing ? Number(this.#constant()) : null;
    const assignments = columns.map((column, i) => ({ column, operand: operands[i] }));
    return { kind: 'insert', table, assignments, conditions: isConditional ? [] : null, ttlSeconds };
  }

  #conditions(): Condition[] {
    const conditions = [this.#condition()];
    while (this.#takes('AND')) conditions.push(this.#condition());
    return conditions;
  }

  #condition(): Condition {
    const isTuple = this.#isNext('(');
    const columns = isTuple ? this.#inBrackets(() => this.#word()) : [this.#word()];
    const operator = this.#word() as Operator;
    const isList = isTuple || operator === 'IN';
    return { columns, operator, operands: isList ? this.#inBrackets(() => this.#operand()) : [this.#operand()] };
  }

  #operand(): Operand {
    const token = this.#tokens[this.#at++];
    if (token === undefined) return this.#fail();
    if ('constant' in token) return token;
    return token.word.startsWith(':') ? { bound: token.word.slice(1) } : this.#fail();
  }

  #constant(): Value {
    const token = this.#tokens[this.#at++];
    return token && 'constant' in token ? token.constant : this.#fail();
  }

  #inBrackets<T>(read: () => T): T[] {
    this.#expect('(');
    const items = this.#list(read);
    this.#expect(')');
    return items;
  }

  #list<T>(read: () => T): T[] {
    const items = [read()];
    while (this.#takes(',')) items.push(read());
    return items;
  }

  #word(): string {
    const token = this.#tokens[this.#at++];
    return token && 'word' in token ? token.word : this.#fail();
  }

  #isNext(word: string): boolean {
    const token = this.#tokens[this.#at];
    return token !== undefined && 'word' in token && token.word === word;
  }

  #takes(word: string): boolean {
    const isNext = this.#isNext(word);
    if (isNext) this.#at++;
    return isNext;
  }

  #expect(word: string): void {
    if (!this.#takes(word)) this.#fail();
  }

  #wordAfter(word: string): string {
    this.#expect(word);
    return this.#word();
  }

  #fail(): never {
    throw new SyntaxError(`not understood at token ${this.#at}: ${this.#text}`);
  }
}
