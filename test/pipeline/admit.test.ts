import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobSpec } from '../../src/model/job.ts';
import { chooseAdmissions } from '../../src/pipeline/admit.ts';
import { type Admission, WaitingTitles } from '../../src/pipeline/waiting-titles.ts';
import { job } from '../contract/samples.ts';
import { seededRandom } from '../support/mangle-text.ts';

type OfTitle = { readonly titleId: string; readonly jobs: readonly Admission[] };
type Offered = { readonly titleId: string; readonly jobClass: string; readonly exclusiveKey?: string };

const waitingOf = (titleId: string, jobs: readonly JobSpec[], jobClass = 'any'): OfTitle => ({ titleId, jobs: jobs.map((each) => ({ job: each, jobClass })) });
const jobsOf = (titleId: string, count: number, priority = 0) => Array.from({ length: count }, (_, i) => job(titleId, i, { priority }));
const gathered = (ofTitles: readonly OfTitle[]) => {
  const waiting = new WaitingTitles();
  for (const { titleId, jobs } of ofTitles) waiting.set(titleId, jobs);
  return waiting;
};
const name = ({ jobClass, job: { titleId, part } }: Admission) => `${titleId} ${part.index}${jobClass === 'any' ? '' : ` ${jobClass}`}`;
const names = (ofTitles: readonly OfTitle[], slots: number, offered: readonly Offered[] = []) =>
  chooseAdmissions({ waiting: gathered(ofTitles), offered, slots: new Map([['any', slots]]) }).map(name);

describe('chooseAdmissions', () => {
  it('lets titles share the workers, the older first, and an urgent one overtake', () => {
    assert.deepEqual(names([waitingOf('a', jobsOf('a', 9)), waitingOf('b', jobsOf('b', 9))], 3), ['a 0', 'b 0', 'a 1', 'b 1', 'a 2']);
    assert.deepEqual(names([waitingOf('a', jobsOf('a', 9)), waitingOf('b', jobsOf('b', 2, 1000))], 3), ['b 0', 'b 1', 'a 0', 'a 1', 'a 2']);
    const ofA = { titleId: 'a', jobClass: 'any' };
    assert.deepEqual(names([waitingOf('a', jobsOf('a', 9)), waitingOf('b', jobsOf('b', 9))], 4, [ofA, ofA]), ['b 0', 'b 1', 'a 0', 'b 2']);
  });

  it('offers a class nothing without workers, and no more than they and a few ahead can do', () => {
    assert.deepEqual(names([waitingOf('a', jobsOf('a', 9), 'rare')], 4), []);
    assert.equal(names([waitingOf('a', jobsOf('a', 99))], 1).length, 2);
    assert.equal(names([waitingOf('a', jobsOf('a', 99))], 10).length, 15);
  });

  it('chooses as a search through everything would, while titles come, change and go', () => {
    const random = seededRandom(5);
    const upTo = (count: number) => Math.floor(random() * count);
    for (let round = 0; round < 200; round++) {
      const keys = 1 + upTo(30);
      const key = () => (random() < 0.3 ? null : `key ${upTo(keys)}`);
      const waiting = new WaitingTitles();
      const there = new Map<string, readonly Admission[]>();
      for (let change = 0; change < 60; change++) {
        const titleId = `t${upTo(25)}`;
        const jobs = Array.from({ length: upTo(6) }, (_, i) => ({
          job: job(titleId, i, { priority: upTo(3), exclusiveKey: key() }),
          jobClass: random() < 0.8 ? 'any' : 'rare',
        })).sort((a, b) => b.job.priority - a.job.priority);
        waiting.set(titleId, jobs);
        if (jobs.length > 0) there.set(titleId, jobs);
        else there.delete(titleId);
        assert.deepEqual(waiting.jobsOf(titleId), jobs);
        const offered = Array.from({ length: upTo(20) }, () => ({ titleId: `t${upTo(25)}`, jobClass: 'any', exclusiveKey: key() ?? '' }));
        const slots = new Map([
          ['any', upTo(2 * offered.length + 20)],
          ['rare', upTo(4)],
        ]);
        assert.deepEqual(chooseAdmissions({ waiting, offered, slots }).map(name), searched([...there.values()].flat(), slots, offered));
      }
      assert.deepEqual([...waiting.values()], [...there.values()]);
    }
  });

  it('looks at no more titles and jobs than it has to', () => {
    let looks = 0;
    const counted = (jobs: OfTitle['jobs']) =>
      new Proxy(jobs, {
        get(target, property) {
          if (typeof property === 'string' && /^\d+$/.test(property)) looks++;
          return Reflect.get(target, property);
        },
      });
    const waiting = gathered(
      Array.from({ length: 500 }, (_, t) => waitingOf(`t${t}`, jobsOf(`t${t}`, 200))).map(({ titleId, jobs }) => ({ titleId, jobs: counted(jobs) })),
    );
    looks = 0;
    assert.equal(chooseAdmissions({ waiting, offered: [], slots: new Map([['any', 4]]) }).length, 6);
    assert.ok(looks < 100, `${looks} looks`);
  });
});

/** The same rule, written as it is said. Class after class. */
function searched(waiting: readonly Admission[], slots: ReadonlyMap<string, number>, offered: readonly Offered[]): string[] {
  const share = (titleId: string) => [...offered, ...admitted.map(({ job }) => job)].filter((offer) => offer.titleId === titleId).length;
  const taken = new Set(offered.map(({ exclusiveKey }) => exclusiveKey));
  const admitted: Admission[] = [];
  for (const [jobClass, count] of slots) {
    const inClass = offered.filter((offer) => offer.jobClass === jobClass).length;
    for (let room = count + Math.max(1, Math.ceil(count / 2)) - inClass; room > 0; room--) {
      const open = waiting.filter(
        (one) => one.jobClass === jobClass && !admitted.includes(one) && (one.job.exclusiveKey === null || !taken.has(one.job.exclusiveKey)),
      );
      const next = [...Map.groupBy(open, ({ job }) => job.titleId).values()].map((ofTitle) => ofTitle[0]);
      next.sort((a, b) => b.job.priority - a.job.priority || share(a.job.titleId) - share(b.job.titleId));
      if (next.length === 0) break;
      admitted.push(next[0]);
      if (next[0].job.exclusiveKey !== null) taken.add(next[0].job.exclusiveKey);
    }
  }
  return admitted.map(name);
}
