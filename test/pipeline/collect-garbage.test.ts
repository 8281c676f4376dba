import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Database, openDatabase } from '../../src/adapters/embedded/database.ts';
import { FileBlobStore } from '../../src/adapters/embedded/file-blob-store.ts';
import { NodeFiles } from '../../src/adapters/embedded/node-files.ts';
import { SqliteJobQueue } from '../../src/adapters/embedded/sqlite-job-queue.ts';
import { SqliteResultStore } from '../../src/adapters/embedded/sqlite-result-store.ts';
import { SqliteTitleStore } from '../../src/adapters/embedded/sqlite-title-store.ts';
import { SystemRandom } from '../../src/adapters/embedded/system-random.ts';
import type { EncodedChunk } from '../../src/model/encoded-chunk.ts';
import { inspectionKeys } from '../../src/model/inspection.ts';
import { titleKeys } from '../../src/model/plan.ts';
import { sidecarKey } from '../../src/model/sidecar.ts';
import type { Title } from '../../src/model/title.ts';
import { collectGarbage, type GarbageDeps } from '../../src/pipeline/collect-garbage.ts';
import { LOCAL_OWNER } from '../../src/pipeline/handlers/deps.ts';
import type { Lease } from '../../src/ports/job-queue.ts';
import { tempFolder } from '../adapters/embedded/temp-folder.ts';
import { ManualClock } from '../contract/manual-clock.ts';
import { job, title } from '../contract/samples.ts';
import { SIDECAR } from './samples.ts';

const HOUR_MS = 3_600_000;
const LEASE_MS = 60_000;
const NOTHING = { frames: 0, cpuSeconds: 0 };

type House = GarbageDeps & { readonly clock: ManualClock; readonly database: Database; readonly deadWorkers: Set<string> };

/** A state folder of the embedded adapters whose clock stands still. */
async function openHouse(folder: string): Promise<House> {
  const clock = new ManualClock();
  const files = new NodeFiles();
  const random = new SystemRandom();
  const deadWorkers = new Set<string>();
  const scratchRoot = join(folder, 'scratch');
  await mkdir(scratchRoot, { recursive: true });
  const blobs = await FileBlobStore.open({ root: join(folder, 'objects'), files, clock, random, owner: 'here', isOwnerDead: () => false });
  const database = await openDatabase(join(folder, 'state.db'), clock);
  const isWorkerDead = (worker: string) => deadWorkers.has(worker);
  const queue = new SqliteJobQueue(database, { clock, random, isWorkerDead });
  return { clock, files, blobs, database, queue, deadWorkers, scratchRoot, titles: new SqliteTitleStore(database), results: new SqliteResultStore(database) };
}

async function withHouse(work: (house: House) => Promise<void>): Promise<void> {
  const folder = await tempFolder('memory');
  const house = await openHouse(folder.path);
  try {
    await work(house);
  } finally {
    house.database.close();
    await folder.remove();
  }
}

function put(house: House, key: string, text = key): Promise<unknown> {
  return house.blobs.put(key, Buffer.from(text));
}

async function keysOf({ blobs }: Pick<House, 'blobs'>): Promise<readonly string[]> {
  return (await blobs.list('', null, 10_000)).keys;
}

/** A proven result with its two objects. */
async function prove(house: House, address: string, attemptId: string): Promise<EncodedChunk> {
  const objectKey = `attempts/${attemptId}/720p.mp4`;
  const fingerprintKey = `attempts/${attemptId}/720p.luma`;
  await put(house, objectKey);
  await put(house, fingerprintKey);
  const row = { address, objectKey, fingerprintKey, attemptId, sha256: 'ab'.repeat(32), sizeBytes: 1, frameCount: 1, headerSha256: '' };
  return house.results.record(LOCAL_OWNER, row);
}

async function claim(house: Pick<GarbageDeps, 'queue'>, titleId: string, worker = 'w1'): Promise<Lease> {
  const lease = await house.queue.claim({ worker, titleIds: [titleId], leaseMs: LEASE_MS });
  assert.ok(lease, `a job of ${titleId} is ready`);
  return lease;
}

/** Does a title's one job of a kind, with this result. */
async function finish(house: House, titleId: string, kind: 'encode' | 'audio' | 'package', result: { [key: string]: unknown }): Promise<string> {
  await house.queue.enqueue([job(titleId, 0, { kind, id: `${titleId}/r1/${kind}/0` })]);
  const lease = await claim(house, titleId);
  assert.equal(await house.queue.complete(lease, result, NOTHING), true);
  return lease.attemptId;
}

async function addTitle(house: House, id: string, change: Partial<Title> = {}): Promise<void> {
  await house.titles.create(title(id, change), []);
}

async function addPlan(house: House, id: string, inspectionId: string): Promise<void> {
  await put(house, titleKeys.plan(id, 'r1'), JSON.stringify({ inspectionId }));
}

describe('collectGarbage', () => {
  it('deletes old objects that no title refers to, and says how many and how large they were', () =>
    withHouse(async (house) => {
      for (const key of ['attempts/aaaaaaaaaaaaaaaa/720p.mp4', 'evidence/aaaaaaaaaaaaaaaa/fed.png', 'titles/gone/r1/plan.json', 'inspect/0123/index.bin']) {
        await put(house, key, 'ten bytes.');
      }
      house.clock.advance(2 * HOUR_MS);
      assert.deepEqual(await collectGarbage(house), { objects: 4, bytes: 40, kept: 0 });
      assert.deepEqual(await keysOf(house), []);
      assert.deepEqual(await collectGarbage(house), { objects: 0, bytes: 0, kept: 0 });
    }));

  it('leaves what is younger than an hour, whatever refers to it', () =>
    withHouse(async (house) => {
      await put(house, 'attempts/aaaaaaaaaaaaaaaa/720p.mp4');
      await put(house, 'inspect/0123/index.bin');
      await prove(house, 'a1', 'bbbbbbbbbbbbbbbb');
      house.clock.advance(HOUR_MS / 2);
      assert.deepEqual(await collectGarbage(house), { objects: 0, bytes: 0, kept: 4 });
      assert.ok(await house.results.lookup(LOCAL_OWNER, 'a1'));
    }));

  it('keeps everything that a title on its way needs: plan, inspection, sound, the package record and what the record names', () =>
    withHouse(async (house) => {
      await addTitle(house, 'film', { state: 'packaging' });
      await addPlan(house, 'film', 'live');
      await put(house, inspectionKeys.index('live'));
      await put(house, 'titles/film/r1/audio-eng.m4a');
      await put(house, 'attempts/cccccccccccccccc/thumbnails-0001.jpg');
      await put(house, 'titles/film/r1/package.json', JSON.stringify({ files: [{ objectKey: 'attempts/cccccccccccccccc/thumbnails-0001.jpg' }] }));
      await put(house, 'titles/film/r0/plan.json');
      await finish(house, 'film', 'package', { recordKey: 'titles/film/r1/package.json' });
      house.clock.advance(2 * HOUR_MS);
      assert.deepEqual(await collectGarbage(house), { objects: 1, bytes: 24, kept: 5 });
      assert.ok(!(await keysOf(house)).includes('titles/film/r0/plan.json'), 'the plan of an earlier revision goes');
    }));

  it('keeps the subtitles that an order names, and no others', () =>
    withHouse(async (house) => {
      await addTitle(house, 'film', { state: 'published', order: { ...title('film').order, sidecars: [SIDECAR] } });
      await addPlan(house, 'film', 'used');
      await put(house, sidecarKey(SIDECAR.sha256));
      await put(house, sidecarKey('0'.repeat(64)));
      house.clock.advance(2 * HOUR_MS);
      await collectGarbage(house);
      assert.deepEqual(await keysOf(house), [sidecarKey(SIDECAR.sha256), titleKeys.plan('film', 'r1')]);
    }));

  it('keeps of a published title its plan, its inspection and its proven chunks, and nothing else', () =>
    withHouse(async (house) => {
      await addTitle(house, 'film', { state: 'published' });
      await addPlan(house, 'film', 'used');
      await put(house, inspectionKeys.index('used'));
      await put(house, inspectionKeys.index('unused'));
      await put(house, 'titles/film/r1/rendition-720p.mp4');
      await prove(house, 'a1', 'aaaaaaaaaaaaaaaa');
      await prove(house, 'a2', 'bbbbbbbbbbbbbbbb');
      await finish(house, 'film', 'encode', { addresses: { '720p': 'a1' } });
      house.clock.advance(2 * HOUR_MS);
      await collectGarbage(house);
      const kept = ['attempts/aaaaaaaaaaaaaaaa/720p.luma', 'attempts/aaaaaaaaaaaaaaaa/720p.mp4', inspectionKeys.index('used'), titleKeys.plan('film', 'r1')];
      assert.deepEqual(await keysOf(house), kept);
      assert.ok(await house.results.lookup(LOCAL_OWNER, 'a1'));
      assert.equal(await house.results.lookup(LOCAL_OWNER, 'a2'), null, 'an unused row goes with its objects');
    }));

  it('keeps every inspection while a title has no plan yet', () =>
    withHouse(async (house) => {
      await addTitle(house, 'film', { state: 'failed', resumeState: 'inspecting' });
      await put(house, inspectionKeys.range('any', 3));
      house.clock.advance(2 * HOUR_MS);
      assert.equal((await collectGarbage(house)).kept, 1);
    }));

  it('keeps a proven chunk whose job was interrupted, because its title will find it again', () =>
    withHouse(async (house) => {
      await addTitle(house, 'film', { state: 'encoding' });
      await house.queue.enqueue([job('film', 0)]);
      const lease = await claim(house, 'film');
      await prove(house, 'a1', lease.attemptId);
      house.deadWorkers.add('w1');
      house.clock.advance(5 * HOUR_MS);
      await collectGarbage(house);
      assert.ok(await house.results.lookup(LOCAL_OWNER, 'a1'));
      assert.equal((await keysOf(house)).length, 2);
    }));

  it('keeps the objects of a running attempt however old they are, and the evidence of a failed one', () =>
    withHouse(async (house) => {
      await addTitle(house, 'film', { state: 'encoding' });
      await house.queue.enqueue([job('film', 0)]);
      const lease = await claim(house, 'film');
      await put(house, `attempts/${lease.attemptId}/720p.mp4`);
      await put(house, `evidence/${lease.attemptId}/fed.png`);
      for (let i = 0; i < 200; i++) {
        house.clock.advance(LEASE_MS - 1);
        assert.equal(await house.queue.renew(lease, LEASE_MS, 0), true);
      }
      assert.equal((await collectGarbage(house)).kept, 2);
      await house.queue.fail(lease, { code: 'SL-302', message: 'bad', objectKeys: [`evidence/${lease.attemptId}/fed.png`] }, NOTHING);
      await collectGarbage(house);
      assert.deepEqual(await keysOf(house), [`evidence/${lease.attemptId}/fed.png`]);
    }));

  it('removes the scratch folders of dead workers and no other', () =>
    withHouse(async (house) => {
      await addTitle(house, 'film', { state: 'encoding' });
      await house.queue.enqueue([job('film', 0), job('film', 1)]);
      const [dead, living] = [await claim(house, 'film', 'w1'), await claim(house, 'film', 'w2')];
      for (const name of [dead.attemptId, living.attemptId, 'notes']) await mkdir(join(house.scratchRoot, name, 'inside'), { recursive: true });
      house.deadWorkers.add('w1');
      await collectGarbage(house);
      assert.deepEqual((await readdir(house.scratchRoot)).sort(), [living.attemptId, 'notes'].sort());
    }));

  it('works through more objects, rows and titles than fit on a page', () =>
    withHouse(async (house) => {
      for (let i = 0; i < 230; i++) {
        const n = String(i).padStart(16, '0');
        await prove(house, `address-${n}`, n);
      }
      await addTitle(house, 'film', { state: 'published' });
      await finish(house, 'film', 'encode', { addresses: { '720p': 'address-0000000000000217' } });
      house.clock.advance(2 * HOUR_MS);
      const swept = await collectGarbage(house);
      assert.deepEqual({ ...swept, bytes: 0 }, { objects: 458, bytes: 0, kept: 2 });
      assert.equal((await house.results.list(LOCAL_OWNER, null, 1000)).results.length, 1);
    }));
});

type Step = (house: House) => Promise<void>;

/** The house with `onEffect(n)` called before the n-th call of any store. */
function gated(house: House, onEffect: (n: number) => Promise<void>): GarbageDeps {
  let n = 0;
  const gate = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
        return async (...args: unknown[]) => {
          await onEffect(n++);
          return member.apply(target, args);
        };
      },
    });
  return { ...house, titles: gate(house.titles), queue: gate(house.queue), results: gate(house.results), blobs: gate(house.blobs) };
}

/** One encode as the handler does it: claim, look up, and complete with what was found or made anew. */
function encodeSteps(): { claim: Step; lookUp: Step; complete: Step } {
  let lease: Lease;
  let isFound = false;
  return {
    claim: async (house) => {
      lease = await claim(house, 'film');
    },
    lookUp: async ({ results, blobs }) => {
      const found = await results.lookup(LOCAL_OWNER, 'a1');
      isFound = found !== null && (await blobs.stat(found.objectKey)) !== null && (await blobs.stat(found.fingerprintKey)) !== null;
      if (found && !isFound) await results.revoke(LOCAL_OWNER, 'a1', found.objectKey);
    },
    complete: async (house) => {
      if (!isFound) await prove(house, 'a1', lease.attemptId);
      assert.equal(await house.queue.complete(lease, { addresses: { '720p': 'a1' } }, NOTHING), true);
    },
  };
}

describe('collectGarbage beside an encode', () => {
  /** Effects of one run over the house of `prepare`. */
  let effects = 0;
  before(() =>
    withHouse(async (house) => {
      await prepare(house);
      await collectGarbage(
        gated(house, async (n) => {
          effects = n + 1;
        }),
      );
      assert.equal(await house.results.lookup(LOCAL_OWNER, 'a1'), null, 'undisturbed, the row goes');
    }),
  );
  after(() => assert.ok(effects > 15));

  /** A title that will ask for an address whose proven result nobody has used for long. */
  async function prepare(house: House): Promise<void> {
    await prove(house, 'a1', 'aaaaaaaaaaaaaaaa');
    house.clock.advance(2 * HOUR_MS);
    await addTitle(house, 'film', { state: 'encoding' });
    await house.queue.enqueue([job('film', 0)]);
  }

  async function runWith(at: { readonly claim: number; readonly lookUp: number; readonly complete: number }): Promise<void> {
    await withHouse(async (house) => {
      await prepare(house);
      const steps = encodeSteps();
      const pending = [
        { at: at.claim, step: steps.claim },
        { at: at.lookUp, step: steps.lookUp },
        { at: at.complete, step: steps.complete },
      ];
      const workUpTo = async (n: number): Promise<void> => {
        while (pending.length > 0 && pending[0].at <= n) await pending.shift()!.step(house);
      };
      await collectGarbage(gated(house, workUpTo));
      await workUpTo(Number.POSITIVE_INFINITY);
      await collectGarbage(house);
      const found = await house.results.lookup(LOCAL_OWNER, 'a1');
      assert.ok(found, `the finished job's address has a row (${JSON.stringify(at)})`);
      for (const key of [found.objectKey, found.fingerprintKey]) assert.ok(await house.blobs.stat(key), `${key} is there (${JSON.stringify(at)})`);
    });
  }

  it('never takes a result away that the encode found, wherever claim, look-up and completion fall', async () => {
    for (let first = 0; first <= effects; first++) {
      for (const gap of first % 2 === 0 ? [0, 2, effects] : [1, 5]) {
        const second = first + gap;
        await runWith({ claim: first, lookUp: first, complete: second });
        await runWith({ claim: first, lookUp: second, complete: second });
      }
    }
  });

  it('takes no result away while an encode runs that may have found it, not even when killed at any effect', async () => {
    for (let killedAt = 0; killedAt < effects; killedAt++) {
      await withHouse(async (house) => {
        await prepare(house);
        await encodeSteps().claim(house);
        const killed = gated(house, async (n) => {
          if (n >= killedAt) throw new Error('killed');
        });
        await collectGarbage(killed).catch(() => null);
        assert.ok(await house.results.lookup(LOCAL_OWNER, 'a1'));
      });
    }
  });

  it('leaves after a kill at any effect nothing that refers to a missing object, and the next run finishes', async () => {
    for (let killedAt = 0; killedAt < effects; killedAt++) {
      await withHouse(async (house) => {
        await prepare(house);
        await assert.rejects(
          collectGarbage(
            gated(house, async (n) => {
              if (n >= killedAt) throw new Error('killed');
            }),
          ),
          /killed/,
        );
        const row = await house.results.lookup(LOCAL_OWNER, 'a1');
        if (row) assert.ok((await house.blobs.stat(row.objectKey)) && (await house.blobs.stat(row.fingerprintKey)));
        await collectGarbage(house);
        assert.deepEqual(await keysOf(house), []);
        assert.equal(await house.results.lookup(LOCAL_OWNER, 'a1'), null);
      });
    }
  });
});
