/**
 * Fuzzes for long: `npm run fuzz -- [films|parsers] [--seed N] [--count N] [--lanes N]`. Films: real files, changed in their boxes, elements and packets,
 * go through everything. Parsers: each of ours gets mangled input. What goes wrong is printed as a line that belongs into test/fuzz/regressions
 * or test/fuzz/corpus. The same seed does the same again.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { baseFilms } from '../test/fuzz/base-films.ts';
import { fuzzParser, PARSERS } from '../test/fuzz/parsers.ts';
import { applyChanges, randomRecipe } from '../test/fuzz/recipe.ts';
import { BUGS, type MutantOutcome, tryMutant } from '../test/fuzz/try-mutant.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string' }, lanes: { type: 'string', default: '2' } },
});
const [seed, lanes] = [Number(values.seed), Number(values.lanes)];
const what = positionals[0] ?? 'both';
const TOLD_EVERY = 50;
let bugs = 0;

if (what !== 'parsers') await fuzzFilms(Number(values.count ?? 2000));
if (what !== 'films') await fuzzParsers(Number(values.count ?? 200_000));
process.exitCode = bugs > 0 ? 1 : 0;

async function fuzzFilms(count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sceneline-fuzz-'));
  const endings = new Map<string, number>();
  try {
    const films = await baseFilms(folder);
    let next = seed;
    const lane = async () => {
      for (let own = next++; own < seed + count; own = next++) {
        const film = films[own % films.length];
        const recipe = randomRecipe(film.name, film.bytes, own);
        const outcome = await tryMutant(folder, film.name, applyChanges(film.bytes, recipe.changes));
        note(endings, outcome);
        if ([...endings.values()].reduce((sum, times) => sum + times, 0) % TOLD_EVERY === 0) process.stderr.write(`${own}: ${words(endings)}\n`);
        if (BUGS.includes(outcome.ending) || outcome.ending === 'failed') tell(own, recipe, outcome);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(`films, seed ${seed}, ${count} mutants: ${words(endings)}\n`);
}

function words(endings: ReadonlyMap<string, number>): string {
  return [...endings].map(([ending, times]) => `${times} ${ending}`).join(', ');
}

function note(endings: Map<string, number>, { ending }: MutantOutcome): void {
  endings.set(ending, (endings.get(ending) ?? 0) + 1);
  if (BUGS.includes(ending)) bugs++;
}

function tell(own: number, recipe: object, { ending, words, seconds }: MutantOutcome): void {
  process.stdout.write(`${ending} seed ${own} ${seconds.toFixed(1)} s ${JSON.stringify(recipe)}\n  ${words.replaceAll('\n', '\n  ')}\n`);
}

async function fuzzParsers(count: number): Promise<void> {
  for (const parser of PARSERS) {
    const { tried, fault } = await fuzzParser(parser, seed, count);
    if (fault !== null) bugs++;
    process.stdout.write(fault === null ? `${parser.name}: ${tried} inputs\n` : `${parser.name}: ${fault.words}\n  corpus line: ${fault.line}\n`);
  }
}
