import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { steerTitles } from '../../src/pipeline/steer-titles.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { ReadyJob, WakeNote } from '../../src/ports/job-dispatch.ts';
import { job, title } from '../contract/samples.ts';

const ROUND_MS = 5000;

/** Time that passes when the test says so. */
class TestClock implements Clock {
  #nowMs = 0;
  #sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((wake) => {
      if (signal?.aborted) return wake();
      signal?.addEventListener('abort', () => wake(), { once: true });
      this.#sleepers.push({ untilMs: this.#nowMs + ms, wake });
    });
  }

  /** Lets so much time pass, and then everything happen that it made happen. */
  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    for (const { untilMs, wake } of this.#sleepers) if (untilMs <= this.#nowMs) wake();
    this.#sleepers = this.#sleepers.filter(({ untilMs }) => untilMs > this.#nowMs);
    await rest();
  }
}

async function rest(): Promise<void> {
  for (let i = 0; i < 500; i++) await turn();
}

/** Control's loop over titles that have so many ready jobs each, with one class of workers. */
function desk(order: { titles: number; jobsPerTitle: number; slots: number }) {
  const clock = new TestClock();
  const stop = new AbortController();
  const ids = Array.from({ length: order.titles }, (_, i) => `t${i}`);
  const looked: string[] = [];
  const offered: string[] = [];
  const titleOf = (id: string) => title(id, { state: 'encoding' });
  let onNote: (note: WakeNote) => void = () => {};
  let onLook: (id: string) => void = () => {};
  const ended = steerTitles({
    owner: 'me',
    clock,
    signal: stop.signal,
    titles: {
      listLive: async (cursor, limit) => {
        const from = Number(cursor ?? 0);
        const page = ids.slice(from, from + limit).map(titleOf);
        return { titles: page, cursor: from + limit < ids.length ? String(from + limit) : null };
      },
    },
    control: {
      advance: async (id) => {
        looked.push(id);
        onLook(id);
        return titleOf(id);
      },
      relayEvents: async () => {},
    },
    jobs: {
      readyJobs: async (id, _revision, limit) => Array.from({ length: Math.min(limit, order.jobsPerTitle) }, (_, i): ReadyJob => ({ ...job(id, i), fence: 0 })),
      overJobs: () => [],
      get: async () => null,
    },
    dispatch: { offer: async (_jobClass, jobs) => void offered.push(...jobs.map(({ id }) => id)) },
    wake: {
      listen: async (listener) => {
        onNote = listener;
        return { stop: async () => {} };
      },
    },
    workers: { list: async () => [{ worker: 'w', encoderBuild: 'x264', classes: ['x264-h264-any'], slots: order.slots }] },
    turn: { hold: async () => true, release: async () => {} },
  });
  return {
    clock,
    looked,
    offered,
    note: (titleId: string) => onNote({ titleId, jobId: null, outcome: null }),
    whenLooking: (listener: (id: string) => void) => (onLook = listener),
    async end() {
      stop.abort();
      await ended;
    },
  };
}

describe('control over many titles', () => {
  it('looks at all of them at first, and then at a page each round', async () => {
    const { clock, looked, end } = desk({ titles: 1200, jobsPerTitle: 0, slots: 1 });
    await rest();
    assert.equal(new Set(looked).size, 1200);
    assert.equal(looked.length, 1200);
    for (const expected of [500, 1000, 1200]) {
      await clock.pass(ROUND_MS);
      assert.equal(looked.length, 1200 + expected);
    }
    assert.equal(new Set(looked.slice(1200)).size, 1200);
    await end();
  });

  it('does not let a title that a note tells of wait for a page', async () => {
    const { looked, note, whenLooking, end } = desk({ titles: 500, jobsPerTitle: 0, slots: 1 });
    whenLooking((id) => {
      if (id === 't10') note('new');
    });
    await rest();
    assert.ok(looked.indexOf('new') < 150, `it was looked at after ${looked.indexOf('new')} others`);
    await end();
  });

  it('offers a large fleet more of a title than it reads at once', async () => {
    const { offered, end } = desk({ titles: 1, jobsPerTitle: 1000, slots: 600 });
    await rest();
    assert.equal(new Set(offered).size, 900);
    assert.equal(offered.length, 900);
    await end();
  });
});
