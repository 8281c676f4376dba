import { dirname } from 'node:path/posix';
import { importsOf, resolveImport } from './imports.ts';
import type { Problem, Repository } from './repository.ts';
import { lineOf, readSource } from './source-text.ts';

/** Files that people or programs start. */
const ROOTS = [/^bin\//, /^src\/roles\//, /^edge\//, /^test\/.*\.test\.ts$/, /^tools\/[^/]+\.ts$/, /^bench\/(scenarios\/)?[^/]+\.ts$/];
const EXPORT = /^export (?:abstract )?(?:async )?(?:const|let|function\*?|class) ([\w$]+)/gm;

/** Sources that nothing reaches. A string that ends in the path of a file below counts as reaching it (workers, scripts that are started). */
export function checkDeadFiles(repository: Repository): Problem[] {
  const sources = repository.sources().map(([file]) => file);
  const queue = sources.filter((file) => ROOTS.some((root) => root.test(file)));
  const reached = new Set(queue);
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    for (const target of targetsOf(file, repository)) {
      if (reached.has(target)) continue;
      reached.add(target);
      queue.push(target);
    }
  }
  return sources.filter((file) => !reached.has(file)).map((where) => ({ rule: 'dead-file', where, text: 'nothing reaches this file' }));
}

/**
 * Values that product code exports and no other file speaks of. Looks for the bare name, so it misses some and wrongs none.
 * Types are left out: those of an exported function's parameters and results are exported for their readers.
 */
export function checkUnusedExports(repository: Repository): Problem[] {
  const users = new Map<string, Set<string>>();
  for (const [file, text] of repository.sources()) {
    for (const [word] of readSource(text).code.matchAll(/[\w$]+/g)) {
      const files = users.get(word) ?? new Set();
      users.set(word, files.add(file));
    }
  }
  const product = repository.sources().filter(([file]) => file.startsWith('src/'));
  return product.flatMap(([where, text]) => {
    const { code } = readSource(text);
    const unused = [...code.matchAll(EXPORT)].filter((match) => users.get(match[1])?.size === 1);
    return unused.map((match) => ({ rule: 'unused-export', where, line: lineOf(code, match.index), text: `${match[1]} is used in no other file` }));
  });
}

function targetsOf(file: string, repository: Repository): string[] {
  const text = repository.text(file);
  const imported = new Set(importsOf(text).flatMap(({ specifier }) => resolveImport(file, specifier) ?? []));
  const named = readSource(text).strings.flatMap((string) => /^(?:\.{0,2}\/)*([\w./-]+\.ts)$/.exec(string.text)?.[1] ?? []);
  const isNamed = (source: string) => named.some((name) => source === name || (source.startsWith(`${dirname(file)}/`) && source.endsWith(`/${name}`)));
  return repository
    .sources()
    .map(([source]) => source)
    .filter((source) => imported.has(source) || isNamed(source));
}
