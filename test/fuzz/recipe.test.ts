import assert from 'node:assert/strict';
import { test } from 'node:test';
import { box } from '../hostile/box-surgery.ts';
import { applyChanges, randomRecipe, unitsOf } from './recipe.ts';

const FILE = Buffer.concat([box('ftyp', Buffer.from('isom')), box('moov', box('mvhd', Buffer.alloc(8)), box('udta', Buffer.from('ab')))]);

test('a dropped or doubled box leaves the boxes around it with the right size when mended, and a wrong one when not', () => {
  const dropped = applyChanges(FILE, [{ op: 'drop', unit: 3, mend: true }]);
  assert.deepEqual(dropped, Buffer.concat([box('ftyp', Buffer.from('isom')), box('moov', box('mvhd', Buffer.alloc(8)))]));
  const twice = applyChanges(FILE, [{ op: 'twice', unit: 2, mend: true }]);
  assert.deepEqual(unitsOf(twice).length, 5);
  assert.equal(unitsOf(applyChanges(FILE, [{ op: 'twice', unit: 2, mend: false }])).length > 5, false);
});

test('bytes are set, parts swapped, the end cut off; a part that is not there changes nothing', () => {
  assert.equal(applyChanges(FILE, [{ op: 'set', unit: 0, at: 8, hex: '00ff' }]).toString('hex', 8, 10), '00ff');
  assert.equal(applyChanges(FILE, [{ op: 'swap', unit: 0, with: 1 }]).toString('latin1', 4, 8), 'moov');
  assert.equal(applyChanges(FILE, [{ op: 'end', unit: 1, at: 3 }]).length, 15);
  assert.deepEqual(applyChanges(FILE, [{ op: 'drop', unit: 99, mend: true }]), FILE);
});

test('the same seed gives the same recipe, and most recipes change the file', () => {
  let changed = 0;
  for (let seed = 0; seed < 200; seed++) {
    const recipe = randomRecipe('x', FILE, seed);
    assert.deepEqual(randomRecipe('x', FILE, seed), recipe);
    if (!applyChanges(FILE, recipe.changes).equals(FILE)) changed++;
  }
  assert.ok(changed > 150, String(changed));
});
