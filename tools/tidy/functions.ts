import { lineOf, readSource } from './source-text.ts';

export type FunctionSize = { readonly name: string; readonly line: number; readonly lines: number };

/** Words before a bracket pair that make it something else than a parameter list. */
const NOT_FUNCTIONS = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'await']);

/** Callbacks of these are groups of functions, as a file is. */
const GROUPS = new Set(['describe', 'suite']);

/** Functions with a body in braces, with the lines from their head to the closing brace. */
export function measureFunctions(text: string): FunctionSize[] {
  const { code } = readSource(text);
  const closers = matchBrackets(code);
  const sizes: FunctionSize[] = [];
  for (const [open, close] of closers) {
    if (code[open] !== '{') continue;
    const head = functionHead(code, open, closers);
    if (!head) continue;
    const line = lineOf(code, head.at);
    sizes.push({ name: head.name, line, lines: lineOf(code, close) - line + 1 });
  }
  return sizes.sort((a, b) => a.line - b.line);
}

/** Where the function whose body opens here begins; null when the brace is something else. */
function functionHead(code: string, open: number, closers: ReadonlyMap<number, number>): { at: number; name: string } | null {
  const before = code.slice(0, open).trimEnd();
  if (before.endsWith('=>')) {
    const caller = callerOf(code, open, closers);
    return GROUPS.has(caller) ? null : { at: before.length - 2, name: arrowName(before) ?? `callback of ${caller || 'nothing'}` };
  }
  for (const [paren, close] of closers) {
    if (code[paren] !== '(' || close >= open) continue;
    const between = code.slice(close + 1, open);
    if (!isReturnType(between)) continue;
    const name = /([\w$#]+)\s*(?:<[^()]*>)?\s*$/.exec(code.slice(0, paren))?.[1] ?? 'anonymous';
    return NOT_FUNCTIONS.has(name) ? null : { at: paren, name };
  }
  return null;
}

/** Whether what stands between a parameter list and a brace can be nothing or a return type. */
function isReturnType(between: string): boolean {
  let text = between.trim();
  if (text === '') return true;
  if (!text.startsWith(':') || /(?:[,(:|&<]|\bis)$/.test(text)) return false;
  // Braces inside a type stand where a type is expected; a body stands behind a type.
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(/(?<=[:<|&,(]\s*|\bis\s*)\{[^{}]*\}/g, 'T');
  }
  return !/[;={}]|=>/.test(text);
}

function arrowName(before: string): string | undefined {
  return /(?:const|let)\s+([\w$]+)\s*(?::[^=]*)?=[^=]*=>$/.exec(before.slice(-400))?.[1];
}

/** Name of the function in whose call something stands as an argument. */
function callerOf(code: string, at: number, closers: ReadonlyMap<number, number>): string {
  let inner = -1;
  for (const [open, close] of closers) if (open < at && close > at && open > inner) inner = open;
  return code[inner] === '(' ? (/([\w$]+)\s*$/.exec(code.slice(0, inner))?.[1] ?? '') : '';
}

/** Offsets of opening brackets with those of their partners, innermost first. */
function matchBrackets(code: string): Map<number, number> {
  const pairs = new Map<number, number>();
  const stack: number[] = [];
  for (let i = 0; i < code.length; i++) {
    if ('({['.includes(code[i])) stack.push(i);
    else if (')}]'.includes(code[i])) {
      const open = stack.pop();
      if (open !== undefined) pairs.set(open, i);
    }
  }
  return pairs;
}
