import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileBlobStore } from '../../../../src/adapters/embedded/file-blob-store.ts';
import { NodeFiles } from '../../../../src/adapters/embedded/node-files.ts';
import { SystemClock } from '../../../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../../../src/adapters/embedded/system-random.ts';
import { evidenceOf } from '../../../../src/model/errors.ts';

/** Puts an object of 2 MiB after one of 10 bytes and says what became of each, and what is left in the folder. */
const [root] = process.argv.slice(2);
const world = { root, files: new NodeFiles(), clock: new SystemClock(), random: new SystemRandom(), owner: 'me', isOwnerDead: () => false };
const store = await FileBlobStore.open(world);
const outcome = (work: Promise<unknown>) => work.then(() => 'ok').catch((error) => evidenceOf(error).code);
const source = join(root, '../small');
await writeFile(source, 'x');
const outcomes = {
  small: await outcome(store.put('a/small', Buffer.alloc(10, 1))),
  large: await outcome(store.put('a/large', Buffer.alloc(2 << 20, 1))),
  file: await outcome(store.putFile('a/file', source)),
  keys: (await store.list('', null, 10)).keys,
};
console.log(JSON.stringify(outcomes));
