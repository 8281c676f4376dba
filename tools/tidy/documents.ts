import { dirname, join } from 'node:path/posix';
import type { Problem, Repository } from './repository.ts';

/** Spelt in pieces, so that this file does not fall under its own rules. */
const UNFINISHED = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`);
const MACHINE_PATH = new RegExp(`(?<![\\w.~-])/(?:${['wo' + 'rk', 'ro' + 'ot', 'ho' + 'me/\\w+', 't' + 'mp'].join('|')})/`);
const REGISTRY = new RegExp(
  ['registry\\.np' + 'mjs', 'registry\\.ya' + 'rnpkg', 'py' + 'pi\\.org', 'deb\\.deb' + 'ian\\.org', 'proxy\\.go' + 'lang'].join('|'),
);

const FORBIDDEN = [
  { rule: 'unfinished', pattern: UNFINISHED, text: 'marks something as unfinished' },
  { rule: 'machine-path', pattern: MACHINE_PATH, text: 'names a folder of one machine' },
  { rule: 'registry-host', pattern: REGISTRY, text: 'names the host of a package registry' },
] as const;
/** Patterns of this file ignore, with slashes of their own. */
const PATTERN_FILES = ['.gitignore'];

/** Lines with something that may be nowhere in the repository. */
export function checkForbidden(repository: Repository): Problem[] {
  const files = repository.files().filter(([file]) => !PATTERN_FILES.includes(file));
  return files.flatMap(([where, text]) =>
    text.split('\n').flatMap((line, i) => FORBIDDEN.filter(({ pattern }) => pattern.test(line)).map(({ rule, text }) => ({ rule, where, line: i + 1, text }))),
  );
}

/** Links in Markdown files to files and headings that are not there. */
export function checkLinks(repository: Repository): Problem[] {
  const documents = repository.files().filter(([file]) => file.endsWith('.md'));
  return documents.flatMap(([where, text]) =>
    linksOf(text).flatMap(({ target, line }) => {
      const [path, heading] = target.split('#');
      const file = path === '' ? where : join(dirname(where), decodeURIComponent(path));
      if (!repository.has(file)) return [{ rule: 'dead-link', where, line, text: `links to ${target}, which is not there` }];
      if (!heading || !file.endsWith('.md') || headingsOf(repository.text(file)).has(heading)) return [];
      return [{ rule: 'dead-link', where, line, text: `links to the heading ${target}, which is not there` }];
    }),
  );
}

/** Targets of inline links and pictures, outside code; addresses with a scheme are left out. */
export function linksOf(markdown: string): { target: string; line: number }[] {
  const text = markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, blank).replace(/`[^`\n]*`/g, blank);
  return text.split('\n').flatMap((content, i) =>
    [...content.matchAll(/\]\(<?([^)>\s]+)>?(?:\s+"[^"]*")?\)/g)]
      .map((match) => match[1])
      .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target))
      .map((target) => ({ target, line: i + 1 })),
  );
}

/** Anchors of a Markdown file's headings, as they are commonly made: lower case, words joined by dashes. */
export function headingsOf(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.matchAll(/^#{1,6} (.+)$/gm)].map((match) => match[1]);
  return new Set(
    headings.map((heading) =>
      heading
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
