import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyTitle } from '../../../src/pipeline/verify-title.ts';
import { withScratch } from '../../../src/roles/scratch.ts';
import { runSceneline } from '../../e2e/check-film.ts';
import { testFolder } from '../../support/fake-tool.ts';
import { ffmpeg, mediaTools } from '../../support/stage-context.ts';

/** Rising beeps, so that no place resembles another. */
const BEEPS = "aevalsrc='0.5*sin(2*PI*600*t)*lt(mod(t*t+0.9,1),0.4)':s=48000:d=8";

test('sound that changes its channels on the way is proven, and told from other such sound', async (t) => {
  const folder = testFolder(t);
  const part = async (name: string, fromSeconds: number, atSeconds: number, channels: number) => {
    const path = join(folder, name);
    const cut = `atrim=start=${fromSeconds}:end=${fromSeconds + 4},asetpts=PTS-STARTPTS`;
    await ffmpeg(['-f', 'lavfi', '-i', BEEPS, '-af', cut, '-c:a', 'ac3', '-ac', String(channels), '-output_ts_offset', String(atSeconds), path]);
    return readFileSync(path);
  };
  const joined = async (name: string, seconds: readonly [number, number]) => {
    const path = join(folder, name);
    writeFileSync(path, Buffer.concat([await part('1.ts', seconds[0], 1, 2), await part('2.ts', seconds[1], 5, 6)]));
    return path;
  };
  const [master, other] = [await joined('master.ts', [0, 4]), await joined('other.ts', [0, 3.5])];
  const title = join(folder, 'title');
  const end = await runSceneline(['encode', master, '--out', title, '--state', join(folder, 'state'), '--json']);
  assert.equal(end.status, 0, end.stderr);
  const tools = await mediaTools();
  const verify = (sourcePath: string) =>
    withScratch((scratch) => verifyTitle({ dir: title, sourcePath, say: () => {} }, { ...scratch, tools, signal: new AbortController().signal }));
  assert.deepEqual((await verify(master)).faults, []);
  assert.ok((await verify(other)).faults.some(({ message }) => /at [45]\.\d+ s (is \d|has other sound)/.test(message)));
});
