/** Control and format characters (escape sequences, direction marks) and line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text from files and people as a terminal may show it: what could steer the terminal or mislead the reader becomes visible. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (mark) => `\\u{${mark.codePointAt(0)!.toString(16)}}`);
}

/** Lines of ours as a terminal may show them: a line break inside of one is none. */
export function printableLines(lines: readonly string[]): string {
  return lines.map(printable).join('\n');
}

/** What an engine writes of an error: its message, then a line for each call. */
export function stackLines(stack: string): string[] {
  return stack.split(/\n(?= {4}at )/);
}

/** JSON as a terminal may show it, in one line: what `printable` makes visible is written as an escape of JSON, so the value is the same. */
export function printableJson(value: unknown): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(UNPRINTABLE, (mark) => mark.split('').map(escaped).join(''));
}

/** One sentence for the operator, on standard error. */
export function say(sentence: string): void {
  process.stderr.write(`${printable(sentence)}\n`);
}

export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (h > 0) return `${h} h ${m} min`;
  return m > 0 ? `${m} min ${s} s` : `${s} s`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}

/** Columns padded to their widest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]))).join('  ')).join('\n');
}
