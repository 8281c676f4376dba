import { test } from 'node:test';
import { runSeeds } from './run-seeds.ts';

test('whatever happens in a cluster, every promise is kept: odd seeds', (t) => runSeeds(t, 1));
