import { basename, join } from 'node:path';
import { type Layout, writePieces } from '../../media/isobmff/pieces.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { StageContext } from '../../ports/stage-context.ts';

export type StoredFile = { readonly objectKey: string; readonly sizeBytes: number; readonly sha256: string };

/** Streams a laid out file into the attempt's folder and from there into the store. Throws SL-110 on a full disk, SL-130 when stopped, SL-905 when the store kept something else under the key. */
export async function storeLayout(layout: Layout, objectKey: string, ctx: StageContext): Promise<StoredFile> {
  const path = join(ctx.scratchDir, basename(objectKey));
  const written = await writePieces(path, layout.pieces(), ctx.signal).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
      throw new ScenelineError('SL-110', 'No space left on the disk of the state folder.', { cause: error });
    if (ctx.signal.aborted) throw new ScenelineError('SL-130', 'Joining was stopped on request.', { cause: error });
    throw error;
  });
  if (written.sizeBytes !== layout.sizeBytes)
    throw new ScenelineError('SL-901', `${objectKey} has ${written.sizeBytes} bytes where ${layout.sizeBytes} were laid out.`);
  const stored = await ctx.blobs.putFile(objectKey, path);
  // What comes next takes as much disk again.
  await ctx.files.remove(path);
  if (stored.sha256 !== written.sha256)
    throw new ScenelineError('SL-905', `The store has other bytes under ${objectKey} than were written.`, { evidence: { objectKeys: [objectKey] } });
  return { objectKey, ...written };
}
