import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FileBlobStore } from '../../../src/adapters/embedded/file-blob-store.ts';
import { SystemRandom } from '../../../src/adapters/embedded/system-random.ts';
import type { BlobFacts } from '../../../src/ports/blob-store.ts';
import type { Files } from '../../../src/ports/files.ts';
import { ManualClock } from '../../contract/manual-clock.ts';
import { changedFiles, dyingFiles, type FileStep, MachineDied } from '../../support/failing-files.ts';
import { ForgetfulFiles } from '../../support/forgetful-files.ts';
import { cutPower } from '../../support/power-cut.ts';
import { tempFolder } from './temp-folder.ts';

const KEYS = ['a/b/one', 'a/c.mp4', 'top'];
const bodyOf = (key: string) => Buffer.from(`the whole content of ${key}, `.repeat(50));

function open(root: string, files: Files): Promise<FileBlobStore> {
  return FileBlobStore.open({ root, files, clock: new ManualClock(), random: new SystemRandom(), owner: 'any', isOwnerDead: () => true });
}

/** Puts every key, by memory and file in turn, the first one twice at once; notes what was acknowledged. Ends when the machine dies. */
async function work(root: string, scratch: string, files: Files, acknowledged: Map<string, BlobFacts>): Promise<'finished' | 'died'> {
  try {
    const store = await open(root, files);
    const put = async (key: string, number: number) => {
      const path = join(scratch, `${number}`);
      if (number % 2) await writeFile(path, bodyOf(key));
      acknowledged.set(key, number % 2 ? await store.putFile(key, path) : await store.put(key, bodyOf(key)));
    };
    for (const [i, key] of KEYS.entries()) {
      const all = await Promise.allSettled(i === 0 ? [put(key, i), put(key, 9)] : [put(key, i)]);
      for (const one of all) if (one.status === 'rejected') throw one.reason;
    }
    return 'finished';
  } catch (error) {
    if (!(error instanceof MachineDied)) throw error;
    return 'died';
  }
}

/** What is wrong after the cut, in words. */
async function faultsOf(root: string, files: Files, acknowledged: ReadonlyMap<string, BlobFacts>): Promise<string[]> {
  const faults: string[] = [];
  const store = await open(root, files);
  for (const key of KEYS) {
    const facts = await store.stat(key);
    const promised = acknowledged.get(key);
    if (promised && !facts) faults.push(`${key} was acknowledged and is gone`);
    if (facts && !bodyOf(key).equals(await store.read(key))) faults.push(`${key} is not whole`);
    if (facts && facts.sha256 !== createHash('sha256').update(bodyOf(key)).digest('hex')) faults.push(`${key} has wrong facts`);
  }
  const { keys } = await store.list('', null, 100);
  if (keys.some((key) => !KEYS.includes(key))) faults.push(`there are keys nobody put: ${keys}`);
  for (const key of KEYS) {
    await store.put(key, bodyOf(key));
    if (!bodyOf(key).equals(await store.read(key))) faults.push(`${key} cannot be put again`);
  }
  return faults;
}

type Trial = { dies: 'before' | 'after'; luck: number; seed: number; change: (files: Files) => Files; enough: number };

/** Cuts the power at every step of the work, one run for each, until there are enough faults. */
async function cutEverywhere({ dies, luck, seed, change, enough }: Trial): Promise<{ runs: number; faults: string[] }> {
  const faults: string[] = [];
  for (let step = 0; ; step += 1) {
    const folder = await tempFolder('memory');
    try {
      const [root, journal, scratch] = ['root', 'journal', 'root/scratch'].map((name) => join(folder.path, name));
      await mkdir(scratch, { recursive: true });
      const acknowledged = new Map<string, BlobFacts>();
      const { files, steps } = dyingFiles(change(await ForgetfulFiles.begin(root, journal)), step, dies);
      const outcome = await work(join(root, 'blobs'), scratch, files, acknowledged);
      await cutPower({ root, journal, seed: seed + step, luck });
      const after = await ForgetfulFiles.join(root, journal);
      const found = await faultsOf(join(root, 'blobs'), after, acknowledged);
      faults.push(...found.map((fault) => `power cut ${dies} step ${step} (${steps[step] ?? 'the end'}): ${fault}`));
      if (outcome === 'finished' || faults.length >= enough) return { runs: step + 1, faults };
    } finally {
      await folder.remove();
    }
  }
}

describe('FileBlobStore after a power cut', () => {
  for (const dies of ['before', 'after'] as const) {
    // With luck 1 nothing is forgotten: a plain kill.
    for (const luck of dies === 'before' ? [0, 0.5] : [0, 1]) {
      it(`has whole what it acknowledged, and the rest whole or not at all: cut ${dies} each step, luck ${luck}`, async () => {
        const { runs, faults } = await cutEverywhere({ dies, luck, seed: 7, change: (files) => files, enough: 20 });
        assert.deepEqual(faults, []);
        assert.ok(runs > 25, `${runs} runs`);
      });
    }
  }

  it('would be caught here, did it leave out any kind of flush', async () => {
    const without = (left: (name: FileStep, path: string) => boolean) => (files: Files) =>
      changedFiles(files, (name, step, path) => (left(name, path) ? async () => {} : step));
    const omissions: [string, (name: FileStep, path: string) => boolean][] = [
      ['content', (name) => name === 'syncFile'],
      ['name of the content', (name, path) => name === 'syncFolder' && path.includes('.aside')],
      ['the key', (name, path) => name === 'syncFolder' && path.endsWith('/b')],
      ['a new folder', (name, path) => name === 'syncFolder' && path.endsWith('/a')],
      ['the root', (name, path) => name === 'syncFolder' && path.endsWith('/root')],
    ];
    for (const [what, left] of omissions) {
      const { faults } = await cutEverywhere({ dies: 'after', luck: 0, seed: 1, change: without(left), enough: 1 });
      assert.notDeepEqual(faults, [], what);
    }
  });
});
