import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BaseFilm, baseFilms } from './base-films.ts';
import { applyChanges, type Recipe, randomRecipe, unitsOf } from './recipe.ts';
import { BUGS, tryMutant } from './try-mutant.ts';

const REGRESSIONS = join(import.meta.dirname, 'regressions');
/** A few for every run; `npm run fuzz -- films` tries thousands. */
const MUTANTS = 7;
const FIRST_SEED = 4_000;

describe('changed films through everything', { timeout: 900_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sceneline-fuzz-'));
  let films: readonly BaseFilm[];
  after(() => rmSync(folder, { recursive: true, force: true }));
  before(async () => {
    films = await baseFilms(folder);
  });

  const ends = async (recipe: Recipe) => {
    const film = films.find(({ name }) => name === recipe.base)!;
    const { ending, words } = await tryMutant(folder, film.name, applyChanges(film.bytes, recipe.changes));
    assert.ok(!BUGS.includes(ending), `${ending}: ${words}\n${JSON.stringify(recipe)}`);
    return ending;
  };

  test('films are known by their parts, and unchanged ones are made', async () => {
    for (const { name, bytes } of films) assert.ok(unitsOf(bytes).length > 10, name);
    assert.equal(await ends({ base: films[0].name, changes: [] }), 'made');
  });

  test('what once went wrong does so no more', async () => {
    for (const file of readdirSync(REGRESSIONS))
      for (const recipe of JSON.parse(readFileSync(join(REGRESSIONS, file), 'utf8')) as Recipe[])
        assert.notEqual(await ends(recipe), 'failed', JSON.stringify(recipe));
  });

  test('mutants are made and proven, or refused, or fail with evidence', async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + MUTANTS; seed++) {
      const film = films[seed % films.length];
      await ends(randomRecipe(film.name, film.bytes, seed));
    }
  });
});
