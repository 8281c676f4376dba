import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { memorySource } from '../../../src/media/isobmff/byte-source.ts';
import { type Piece, writePieces } from '../../../src/media/isobmff/pieces.ts';
import { concat } from '../../../src/media/isobmff/write-boxes.ts';

const BIG = Uint8Array.from({ length: 3_500_000 }, (_, i) => (i * 7) & 0xff);

test('pieces land in the file in order, with size and hash of what was written', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'sceneline-pieces-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, 'out');
  const pieces: Piece[] = [{ bytes: Uint8Array.of(1, 2, 3) }, { copy: memorySource(BIG), start: 10, endExclusive: 3_400_000 }, { bytes: Uint8Array.of(9) }];
  const written = await writePieces(path, pieces);
  const expected = concat([Uint8Array.of(1, 2, 3), BIG.subarray(10, 3_400_000), Uint8Array.of(9)]);
  assert.equal(Buffer.compare(await readFile(path), expected), 0);
  assert.deepEqual(written, { sizeBytes: expected.byteLength, sha256: createHash('sha256').update(expected).digest('hex') });
  assert.deepEqual(await writePieces(path, []), { sizeBytes: 0, sha256: createHash('sha256').digest('hex') });
});

test('an abort and a source that fails end the writing', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'sceneline-pieces-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const abort = new AbortController();
  function* pieces(): Generator<Piece> {
    yield { bytes: BIG };
    abort.abort();
    yield { bytes: BIG };
  }
  await assert.rejects(writePieces(join(dir, 'a'), pieces(), abort.signal), { name: 'AbortError' });
  await assert.rejects(writePieces(join(dir, 'b'), [{ copy: memorySource(BIG), start: 0, endExclusive: 4_000_000 }]), RangeError);
});
