import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { explainNoRoom } from '../../model/errors.ts';

/** What a write needs that fails on a disk that a tool has just filled. */
const PROBE_BYTES = 2 ** 20;

/**
 * Whether a folder takes no mebibyte more; what was written to see it is removed. Writing tells of quotas too, which the
 * free room of the file system does not. A folder that cannot be written for another reason is not full.
 */
export async function isDiskFull(folder: string): Promise<boolean> {
  let own: string | undefined;
  try {
    own = await mkdtemp(join(folder, 'room-'));
    await writeFile(join(own, 'probe'), Buffer.alloc(PROBE_BYTES), { flush: true });
    return false;
  } catch (error) {
    return explainNoRoom(error) !== error;
  } finally {
    if (own !== undefined) await rm(own, { recursive: true });
  }
}
