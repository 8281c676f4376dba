export type Yaml = string | number | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml };

type Line = { readonly number: number; readonly indent: number; readonly text: string };

/**
 * Reads the part of YAML that our own files keep to: maps and lists in block form, lists of plain words in brackets, plain, quoted and folded (`>-`) text, comments on lines
 * of their own. Throws for anything else.
 */
export function parseYaml(text: string): Yaml {
  const lines = text.split('\n').map((line, i): Line => ({ number: i + 1, indent: line.length - line.trimStart().length, text: line.trim() }));
  const reader = new Reader(lines.filter((line) => line.text !== '' && !line.text.startsWith('#')));
  const value = reader.block(0);
  if (reader.next) throw new Error(`line ${reader.next.number}: indented in no way that fits`);
  return value;
}

class Reader {
  readonly #lines: readonly Line[];
  #at = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  get next(): Line | undefined {
    return this.#lines[this.#at];
  }

  block(indent: number): Yaml {
    return this.next?.text.startsWith('- ') ? this.#list(indent) : this.#map(indent, null);
  }

  #list(indent: number): Yaml[] {
    const items: Yaml[] = [];
    while (this.next?.indent === indent && this.next.text.startsWith('- ')) {
      const { text, number } = this.next;
      this.#at += 1;
      const rest: Line = { number, indent: indent + 2, text: text.slice(2) };
      items.push(/^[\w.-]+:( |$)/.test(rest.text) ? this.#map(indent + 2, rest) : scalar(rest));
    }
    return items;
  }

  #map(indent: number, first: Line | null): { [key: string]: Yaml } {
    const map: { [key: string]: Yaml } = {};
    for (let line = first ?? this.#take(indent); line; line = this.#take(indent)) {
      const [, key, text] = /^([\w.-]+):(?: (.*))?$/.exec(line.text) ?? [];
      if (key === undefined) throw new Error(`line ${line.number}: neither a key nor an item`);
      if (Object.hasOwn(map, key)) throw new Error(`line ${line.number}: ${key} is there twice`);
      if (text === '>-') map[key] = this.#folded(indent);
      else if (text !== undefined) map[key] = scalar({ ...line, text });
      else map[key] = this.next && this.next.indent > indent ? this.block(this.next.indent) : null;
    }
    return map;
  }

  #take(indent: number): Line | undefined {
    if (this.next?.indent !== indent || this.next.text.startsWith('- ')) return undefined;
    return this.#lines[this.#at++];
  }

  #folded(indent: number): string {
    const words: string[] = [];
    while (this.next && this.next.indent > indent) words.push(this.#lines[this.#at++].text);
    return words.join(' ');
  }
}

function scalar({ text, number }: Line): Yaml {
  if (/^'.*'$/.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  if (/^".*"$/.test(text)) return JSON.parse(text);
  if (/^\[.*\]$/.test(text))
    return text
      .slice(1, -1)
      .split(',')
      .map((item) => scalar({ text: item.trim(), number, indent: 0 }));
  if (/^[{[&*!|>%@`'"]|: | #/.test(text)) throw new Error(`line ${number}: a form that is not read here: ${text}`);
  if (/^(true|false)$/.test(text)) return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
