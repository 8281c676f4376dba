import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseAdmissions, type WaitingJobs } from '../../src/pipeline/admit.ts';
import { job } from '../contract/samples.ts';

const waiting = (titleId: string, priorities: readonly number[], jobClass = 'a'): WaitingJobs => ({
  titleId,
  jobs: priorities.map((priority, index) => ({ job: job(titleId, index, { priority }), jobClass })),
});
const chosen = (input: Parameters<typeof chooseAdmissions>[0]) => chooseAdmissions(input).map(({ job: { titleId, part } }) => `${titleId}${part.index}`);

test('a class gets what its workers can run and half as much again', () => {
  const many = [waiting('t', Array(100).fill(0))];
  for (const [slots, offers] of [
    [1, 2],
    [2, 3],
    [8, 12],
    [40, 60],
  ])
    assert.equal(chosen({ waiting: many, offered: [], slots: new Map([['a', slots]]) }).length, offers);
});

test('what is offered already takes room, also more than there is', () => {
  const offered = Array.from({ length: 9 }, () => ({ titleId: 'x', jobClass: 'a' }));
  const many = [waiting('t', Array(100).fill(0))];
  assert.equal(chosen({ waiting: many, offered: offered.slice(0, 5), slots: new Map([['a', 4]]) }).length, 1);
  assert.deepEqual(chosen({ waiting: many, offered, slots: new Map([['a', 4]]) }), []);
});

test('a class that nobody has gets nothing, and holds up no other', () => {
  const both = [waiting('t', [0, 0], 'nobody'), waiting('u', [0], 'a')];
  assert.deepEqual(chosen({ waiting: both, offered: [], slots: new Map([['a', 4]]) }), ['u0']);
});

test('titles of one priority take turns, whatever they wait with; the older begins', () => {
  const titles = [waiting('t', Array(100).fill(5)), waiting('u', [5, 5]), waiting('v', [5, 5, 5])];
  assert.deepEqual(chosen({ waiting: titles, offered: [], slots: new Map([['a', 4]]) }), ['t0', 'u0', 'v0', 't1', 'u1', 'v1']);
});

test('a title of which much is offered waits for the others', () => {
  const offered = Array.from({ length: 3 }, () => ({ titleId: 't', jobClass: 'b' }));
  const titles = [waiting('t', [5, 5, 5]), waiting('u', [5, 5, 5])];
  assert.deepEqual(chosen({ waiting: titles, offered, slots: new Map([['a', 2]]) }), ['u0', 'u1', 'u2']);
});

test('an urgent title overtakes whatever its share', () => {
  const titles = [waiting('t', [60, 60, 60]), waiting('u', [1060, 1060])];
  assert.deepEqual(chosen({ waiting: titles, offered: [], slots: new Map([['a', 2]]) }), ['u0', 'u1', 't0']);
});
