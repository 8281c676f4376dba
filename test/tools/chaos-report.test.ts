import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Report } from '../../src/model/report.ts';
import type { Fault } from '../../tools/chaos/faults.ts';
import { chaosReport } from '../../tools/chaos/report.ts';
import type { ListedAttempt, TitleOutcome } from '../cluster/load.ts';

const KILL: Fault = { what: 'a kill', kills: 2, happen: async () => {} };
const CUT: Fault = { what: 'a cut', kills: 0, happen: async () => {} };
const RUN = { startMs: 0, endMs: 9000, workers: 4 };

function attempt(part: number, outcome: ListedAttempt['outcome'], startedMs: number, endedMs: number, frames = 0): ListedAttempt {
  const job = { jobId: `t/r/encode/${part}`, kind: 'encode' as const, part: { index: part } };
  return { ...job, attemptId: `${part} ${startedMs}`, number: 1, worker: 'w', startedMs, endedMs, outcome, frames, cpuSeconds: 0, evidence: null };
}

function outcomeOf(attempts: readonly ListedAttempt[], differingFiles: readonly string[] = []): TitleOutcome {
  const chunks = [100, 40, 60].map((frames, i) => ({ startFrame: i * 100, endFrameExclusive: i * 100 + frames }));
  return { id: 'title-1', film: 'films/one.mp4', attempts, differingFiles, report: { chunks, source: { frames: 200 } } as unknown as Report };
}

const TIMES = [
  { fault: KILL, startMs: 1000, mendedMs: 2000, onMs: 2500 },
  { fault: CUT, startMs: 4000, mendedMs: 5000, onMs: 5100 },
];

describe('the report of a long chaos', () => {
  it('lays what came to nothing to the fault before, and counts whole chunks', () => {
    const attempts = [
      attempt(0, 'lost', 900, 1500),
      attempt(1, 'released', 3000, 4500),
      attempt(0, 'done', 1600, 3000, 100),
      attempt(1, 'done', 5000, 6000, 40),
    ];
    const report = chaosReport(TIMES, [outcomeOf(attempts)], RUN);
    assert.deepEqual(report.problems, []);
    assert.deepEqual(
      report.faults.map((line) => [line.atSeconds, line.tookSeconds, line.onAfterSeconds, line.lost, line.released, line.framesLostAtMost]),
      [
        [1, 1, 0.5, 1, 0, 100],
        [4, 1, 0.1, 0, 1, 40],
      ],
    );
    assert.equal(report.framesLostPerKillAtMost, 50);
    assert.equal(report.medianChunkFrames, 60);
  });

  it('calls other bytes, work done twice and failures wrong', () => {
    const twice = [attempt(0, 'done', 100, 200, 100), attempt(0, 'lost', 300, 1500, 20)];
    const report = chaosReport(TIMES, [outcomeOf([...twice, attempt(2, 'failed', 1000, 4100)], ['360p.mp4'])], RUN);
    assert.deepEqual(report.problems, [
      'title-1: other bytes in 360p.mp4',
      'title-1: 1 proven chunks were encoded again',
      'a cut: 1 attempts counted as failures',
    ]);
  });

  it('does not call it twice when a proven chunk was only looked up', () => {
    const lookedUp = [attempt(0, 'done', 100, 200, 100), attempt(0, 'lost', 300, 1500, 0)];
    assert.deepEqual(chaosReport(TIMES, [outcomeOf(lookedUp)], RUN).problems, []);
  });
});
