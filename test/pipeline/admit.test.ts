import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobSpec } from '../../src/model/job.ts';
import { chooseAdmissions, type WaitingJobs } from '../../src/pipeline/admit.ts';
import { job } from '../contract/samples.ts';
import { seededRandom } from '../support/mangle-text.ts';

const waitingOf = (titleId: string, jobs: readonly JobSpec[], jobClass = 'any'): WaitingJobs => ({
  titleId,
  jobs: jobs.map((each) => ({ job: each, jobClass })),
});
const jobsOf = (titleId: string, count: number, priority = 0) => Array.from({ length: count }, (_, i) => job(titleId, i, { priority }));
const names = (waiting: readonly WaitingJobs[], slots: number, offered: { titleId: string; jobClass: string }[] = []) =>
  chooseAdmissions({ waiting, offered, slots: new Map([['any', slots]]) }).map((admission) => `${admission.job.titleId}${admission.job.part.index}`);

describe('chooseAdmissions', () => {
  it('lets titles share the workers, the older first, and an urgent one overtake', () => {
    assert.deepEqual(names([waitingOf('a', jobsOf('a', 9)), waitingOf('b', jobsOf('b', 9))], 3), ['a0', 'b0', 'a1', 'b1', 'a2']);
    assert.deepEqual(names([waitingOf('a', jobsOf('a', 9)), waitingOf('b', jobsOf('b', 2, 1000))], 3), ['b0', 'b1', 'a0', 'a1', 'a2']);
    const ofA = { titleId: 'a', jobClass: 'any' };
    assert.deepEqual(names([waitingOf('a', jobsOf('a', 9)), waitingOf('b', jobsOf('b', 9))], 4, [ofA, ofA]), ['b0', 'b1', 'a0', 'b2']);
  });

  it('offers a class nothing without workers, and no more than they and a few ahead can do', () => {
    assert.deepEqual(chooseAdmissions({ waiting: [waitingOf('a', jobsOf('a', 9), 'rare')], offered: [], slots: new Map([['any', 4]]) }), []);
    assert.equal(names([waitingOf('a', jobsOf('a', 99))], 1).length, 2);
    assert.equal(names([waitingOf('a', jobsOf('a', 99))], 10).length, 15);
  });

  it('chooses as a search through everything would', () => {
    const random = seededRandom(5);
    for (let round = 0; round < 200; round++) {
      const waiting = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, t) => {
        const jobs = Array.from({ length: Math.floor(random() * 6) }, (_, i) => job(`t${t}`, i, { priority: Math.floor(random() * 3) }));
        return waitingOf(`t${t}`, jobs);
      });
      const offered = waiting.flatMap(({ titleId }) => Array.from({ length: Math.floor(random() * 3) }, () => ({ titleId, jobClass: 'any' })));
      const slots = Math.floor(random() * 20);
      assert.deepEqual(names(waiting, slots, offered), searched(waiting, slots, offered));
    }
  });

  it('looks at the next jobs of each title, not at all of them', () => {
    let looks = 0;
    const counted = (jobs: WaitingJobs['jobs']) =>
      new Proxy(jobs, {
        get(target, name) {
          if (typeof name === 'string' && /^\d+$/.test(name)) looks++;
          return Reflect.get(target, name);
        },
      });
    const waiting = Array.from({ length: 50 }, (_, t) => waitingOf(`t${t}`, jobsOf(`t${t}`, 200))).map(({ titleId, jobs }) => ({
      titleId,
      jobs: counted(jobs),
    }));
    assert.equal(names(waiting, 4).length, 6);
    assert.ok(looks < 50 * 20, `${looks} looks`);
  });
});

/** The same rule, written as it is said. */
function searched(waiting: readonly WaitingJobs[], slots: number, offered: readonly { titleId: string }[]): string[] {
  const share = new Map(waiting.map(({ titleId }) => [titleId, offered.filter((offer) => offer.titleId === titleId).length]));
  const lanes = waiting.map(({ titleId, jobs }) => ({ titleId, jobs: [...jobs] }));
  const admitted: string[] = [];
  for (let room = slots + Math.max(1, Math.ceil(slots / 2)) - offered.length; room > 0; room--) {
    const open = lanes.filter(({ jobs }) => jobs.length > 0);
    open.sort((a, b) => b.jobs[0].job.priority - a.jobs[0].job.priority || share.get(a.titleId)! - share.get(b.titleId)!);
    if (open.length === 0) break;
    const { job: chosen } = open[0].jobs.shift()!;
    share.set(chosen.titleId, share.get(chosen.titleId)! + 1);
    admitted.push(`${chosen.titleId}${chosen.part.index}`);
  }
  return admitted;
}
