import { dirname, join } from 'node:path/posix';
import type { Problem, Repository } from './repository.ts';
import { lineOf, readSource } from './source-text.ts';

export type Import = { readonly specifier: string; readonly line: number };

/** DESIGN's order: each layer may import what stands before it, and itself. */
const LAYERS = ['media', 'model', 'ports', 'stages', 'pipeline', 'api', 'roles'];
/** Beside the order: these see up to `ports`. */
const SIDE_LAYERS = ['delivery', 'adapters', 'edge'];
/** Layers that may start processes. */
const PROCESS_STARTERS = ['adapters', 'roles'];

/** Modules that a file imports, statically, dynamically or only for their types. */
export function importsOf(text: string): Import[] {
  const { code, strings } = readSource(text);
  const isImport = (at: number) => /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*$/.test(code.slice(Math.max(0, at - 40), at));
  return strings.filter((string) => isImport(string.at)).map((string) => ({ specifier: string.text, line: lineOf(code, string.at) }));
}

/** Repository path that a relative import in this file names. */
export function resolveImport(file: string, specifier: string): string | null {
  return specifier.startsWith('.') ? join(dirname(file), specifier) : null;
}

/** Imports that go against the arrows. */
export function checkArrows(repository: Repository): Problem[] {
  const problems: Problem[] = [];
  for (const [file, text] of repository.sources()) {
    for (const { specifier, line } of importsOf(text)) {
      const target = resolveImport(file, specifier);
      const fault = target ? arrowFault(file, target, repository) : packageFault(file, specifier);
      if (fault) problems.push({ rule: 'arrow', where: file, line, text: fault });
    }
  }
  return problems;
}

function arrowFault(file: string, target: string, repository: Repository): string | null {
  if (!repository.has(target)) return `imports ${target}, which is not there`;
  if (!file.startsWith('src/')) return null;
  if (!target.startsWith('src/')) return `product code imports ${target}`;
  const [, from, fromPart] = file.split('/');
  const [, to, toPart] = target.split('/');
  if (!LAYERS.includes(from) && !SIDE_LAYERS.includes(from)) return `src/${from} is no layer of the design`;
  if (!isAllowed(from, to)) return `${from} may not import ${to} (${target})`;
  if (from === to && (from === 'stages' || from === 'adapters') && fromPart !== toPart) return `${from}/${fromPart} may not import ${from}/${toPart}`;
  return null;
}

function isAllowed(from: string, to: string): boolean {
  if (from === to || from === 'roles') return true;
  if (from === 'api' && to === 'delivery') return true;
  const reach = SIDE_LAYERS.includes(from) ? LAYERS.indexOf('ports') : LAYERS.indexOf(from);
  return LAYERS.includes(to) && LAYERS.indexOf(to) <= reach;
}

function packageFault(file: string, specifier: string): string | null {
  if (!file.startsWith('src/')) return null;
  const layer = file.split('/')[1];
  if (specifier === 'node:child_process' && !PROCESS_STARTERS.includes(layer)) return `${layer} may not start processes`;
  if (layer === 'media' && !specifier.startsWith('node:')) return `media imports nothing but itself and Node (${specifier})`;
  return null;
}
