import { type ByteSource, FileSources } from '../../media/isobmff/byte-source.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { StageContext } from '../../ports/stage-context.ts';

export type OpenObject = { readonly source: ByteSource; readonly path: string };
export type Opener = (objectKey: string) => Promise<OpenObject>;

/** Lets `work` read stored objects at random; everything opened is released when it ends. */
export async function withObjects<T>(ctx: StageContext, work: (open: Opener) => Promise<T>): Promise<T> {
  const files = new FileSources();
  const opened: { release(): Promise<void> }[] = [];
  try {
    return await work(async (objectKey) => {
      const local = await ctx.blobs.openLocal(objectKey);
      opened.push(local);
      return { source: await files.source(local.path), path: local.path };
    });
  } finally {
    await files.close();
    await Promise.all(opened.map((object) => object.release()));
  }
}

/** Runs a reader over a stored object; what it cannot read is a damaged object, SL-905. */
export async function readable<T>(objectKey: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ScenelineError('SL-905', `The stored object ${objectKey} is damaged: ${error.message}.`, { cause: error, evidence: { objectKeys: [objectKey] } });
  }
}
