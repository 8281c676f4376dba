import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cpuBetween, parseStat, processCpu } from '../../bench/cluster/process-cpu.ts';
import { filmModel, leastSeconds, leastSecondsByStep } from '../../bench/fleet/film-model.ts';
import { partWorkers, simulateFleet } from '../../bench/fleet/simulate-fleet.ts';
import { percentile } from '../../bench/percentile.ts';

describe('the helpers of benchmarks', () => {
  it('take a percentile from the values themselves', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    assert.deepEqual(
      [0, 0.5, 0.99, 1].map((share) => percentile(values, share)),
      [1, 50, 99, 100],
    );
    assert.equal(percentile([7], 0.99), 7);
    assert.throws(() => percentile([], 0.5), RangeError);
  });

  it('tell a process from its children, whatever its name is', () => {
    const fields = Array.from({ length: 40 }, (_, i) => String(i + 3));
    const stat = `12 (a) b (c)) S ${fields.slice(1, 11).join(' ')} 100 50 200 25 ${fields.slice(15).join(' ')}`;
    assert.deepEqual(parseStat(stat), { own: 1.5, children: 2.25 });
    assert.ok(cpuBetween(processCpu(process.pid), processCpu(process.pid)).own >= 0);
  });

  it('part workers over topics as evenly as it goes', () => {
    assert.deepEqual(partWorkers(1, 400), [1]);
    assert.deepEqual(partWorkers(400, 400), [400]);
    assert.deepEqual(partWorkers(1001, 400), [334, 334, 333]);
  });
});

describe('the simulated fleet', () => {
  const films = [filmModel('a', 300, 1), filmModel('b', 120, 2)];

  it('does every job once, never sooner than can be', () => {
    const jobs = films.reduce((sum, film) => sum + film.ranges.length + film.chunks.length + film.renditions.length + 7, 0);
    for (const workers of [1, 3, 50, 900]) {
      const end = simulateFleet(films, { workers, workersPerTopic: 400, window: 64 });
      assert.equal(end.jobs, jobs);
      assert.ok(end.makespanSeconds >= leastSeconds(films, workers).bound);
    }
  });

  it('keeps one worker busy all the time, and is the same every time', () => {
    const fleet = { workers: 1, workersPerTopic: 400, window: 64 };
    const { makespanSeconds } = simulateFleet(films, fleet);
    assert.ok(makespanSeconds < leastSeconds(films, 1).bound * 1.02);
    assert.equal(simulateFleet(films, fleet).makespanSeconds, makespanSeconds);
  });

  it('knows that steps wait for each other', () => {
    for (const workers of [1, 10, 100]) assert.ok(leastSecondsByStep(films[0], workers) >= leastSeconds([films[0]], workers).bound - 1e-6);
  });
});
