/** TypeScript text with comments and the insides of literals blanked; lines and offsets stay as they were. */
export type SourceText = {
  readonly code: string;
  /** String literals without placeholders: offset of the opening quote, and the text between the quotes. */
  readonly strings: readonly { readonly at: number; readonly text: string }[];
};

/** A slash after one of these begins a regular expression, not a division. */
const BEFORE_REGEX = /(?:^|[=(,:;[!&|?{}+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|do|else|yield|await|throw))\s*$/;
const REGEX_LITERAL = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const QUOTED = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y;

/** Blanks everything that is not code, so that brackets and words can be counted by plain search. */
export function readSource(text: string): SourceText {
  const strings: { at: number; text: string }[] = [];
  let code = '';
  let at = 0;
  /** Depths of braces at which a template literal goes on after its placeholder. */
  const templates: number[] = [];
  let depth = 0;
  const blank = (end: number) => {
    code += text.slice(at, end).replace(/[^\n]/g, ' ');
    at = end;
  };
  const keep = () => {
    code += text[at++];
  };
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const mark = text[at];
    const quoted = mark === "'" || mark === '"' ? match(QUOTED) : undefined;
    if (text.startsWith('//', at)) blank(endOf(text, '\n', at, 0));
    else if (text.startsWith('/*', at)) blank(endOf(text, '*/', at + 2, 2));
    else if (quoted !== undefined) {
      strings.push({ at, text: quoted.slice(1, -1) });
      keep();
      blank(at + quoted.length - 2);
      keep();
    } else if (mark === '`' || (mark === '}' && templates.at(-1) === depth)) {
      const isOpening = mark === '`';
      if (!isOpening) templates.pop();
      const end = templatePartEnd(text, at + 1);
      const isWhole = isOpening && text[end] === '`';
      if (isWhole) strings.push({ at, text: text.slice(at + 1, end) });
      if (isOpening) keep();
      blank(end);
      if (text[at] === '`') keep();
      else {
        blank(Math.min(at + 2, text.length));
        templates.push(depth);
      }
    } else if (mark === '/' && BEFORE_REGEX.test(code.slice(-80)) && match(REGEX_LITERAL)) blank(at + match(REGEX_LITERAL)!.length);
    else {
      if (mark === '{') depth++;
      if (mark === '}') depth--;
      keep();
    }
  }
  return { code, strings };
}

/** One-based line of an offset. */
export function lineOf(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

function endOf(text: string, mark: string, from: number, extra: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found + extra;
}

/** Offset of the backtick or `${` that ends this part of a template literal. */
function templatePartEnd(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '`' || text.startsWith('${', i)) return i;
  }
  return text.length;
}
