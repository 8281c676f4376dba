import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StageContext } from '../../../src/ports/stage-context.ts';
import { packageTitle } from '../../../src/stages/package/package-title.ts';
import { exampleTrack } from '../../support/tracks.ts';

const stored = { objectKey: 'a/b', sizeBytes: 1000, sha256: '00' };

/** Keeps what is put; media objects are one byte short of everything. */
function context(): StageContext {
  const blobs = {
    put: async (_key: string, bytes: Uint8Array) => ({ sizeBytes: bytes.byteLength, sha256: '11', writtenMs: 0 }),
    stat: async () => ({ sizeBytes: 1, sha256: '00', writtenMs: 0 }),
    read: async () => new Uint8Array(1),
    openLocal: async () => {
      throw new RangeError('there is no such object');
    },
  };
  return { blobs, attemptId: 'attempt', signal: new AbortController().signal } as unknown as StageContext;
}

test('a package whose manifests and tracks disagree is SL-309 and never listed', async () => {
  const track = exampleTrack([
    [4, 400],
    [4, 400],
  ]);
  await assert.rejects(packageTitle({ title: 'Film', tracks: [{ ...stored, track }], texts: [], thumbnails: null }, context()), (error: { code?: string }) => {
    assert.equal(error.code, 'SL-309');
    return true;
  });
});

test('a package without tracks is SL-309', async () => {
  await assert.rejects(packageTitle({ title: '', tracks: [], texts: [], thumbnails: null }, context()), { code: 'SL-309' });
});
