import { type ByteSource, FileSources } from '../../media/isobmff/byte-source.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { StageContext } from '../../ports/stage-context.ts';

export type OpenObject = { readonly source: ByteSource; readonly path: string };
export type Opener = (objectKey: string) => Promise<OpenObject>;

/** Lets `work` read stored objects at random; each is opened once, and everything opened is released when it ends, one after the other: a long title has opened thousands. */
export async function withObjects<T>(ctx: Pick<StageContext, 'blobs'>, work: (open: Opener) => Promise<T>): Promise<T> {
  const files = new FileSources();
  const opened = new Map<string, { readonly path: string; release(): Promise<void> }>();
  try {
    return await work(async (objectKey) => {
      const local = opened.get(objectKey) ?? (await ctx.blobs.openLocal(objectKey));
      opened.set(objectKey, local);
      return { source: await files.source(local.path), path: local.path };
    });
  } finally {
    await files.close();
    for (const object of opened.values()) await object.release();
  }
}

/** Reads stored objects one at a time: asking for another releases the one before, and whoever asks must `close` at the end, after an error too. */
export class ObjectInTurn {
  readonly #ctx: StageContext;
  #held: { readonly objectKey: string; readonly source: Promise<ByteSource>; release(): Promise<void> } | null = null;

  constructor(ctx: StageContext) {
    this.#ctx = ctx;
  }

  async source(objectKey: string): Promise<ByteSource> {
    if (this.#held?.objectKey !== objectKey) {
      await this.close();
      const local = await this.#ctx.blobs.openLocal(objectKey);
      const files = new FileSources();
      const release = async () => {
        await files.close();
        await local.release();
      };
      this.#held = { objectKey, source: files.source(local.path), release };
    }
    return this.#held.source;
  }

  async close(): Promise<void> {
    const held = this.#held;
    this.#held = null;
    await held?.release();
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
