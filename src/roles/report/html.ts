import { printable } from '../cli/terminal.ts';

/** Text that is markup already. Only `html` makes it, so what comes from a file cannot be taken for it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | readonly Part[];

const MARKS: { readonly [mark: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A template whose values are text, shown as such in content and in quoted attributes: markup is escaped, and what could steer or mislead the reader becomes visible. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, i) => text + string + (i < values.length ? markup(values[i]) : ''), ''));
}

function markup(value: Part): string {
  if (value === null) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(markup).join('');
  return printable(String(value)).replace(/[&<>"']/g, (mark) => MARKS[mark]);
}
