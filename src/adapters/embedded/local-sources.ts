import { ScenelineError } from '../../model/errors.ts';
import { fileInput } from '../../model/media-input.ts';
import { type FileSight, looksUnchanged, type SourceSeal } from '../../model/source.ts';
import type { OpenSource, SourceAccess } from '../../ports/source-access.ts';

/** Sources that stay where they are, as files of this machine. */
export class LocalSources implements SourceAccess {
  readonly #sight: (path: string) => Promise<FileSight>;

  /** `sight` looks at a file without reading it, and throws SL-105 when there is none to read. */
  constructor(sight: (path: string) => Promise<FileSight>) {
    this.#sight = sight;
  }

  async open(seal: SourceSeal): Promise<OpenSource> {
    const check = async () => {
      if (!looksUnchanged(await this.#sight(seal.path), seal)) throw new ScenelineError('SL-111', `The source ${seal.path} changed since it was sealed.`);
    };
    await check();
    return { input: fileInput(seal.path), lost: new AbortController().signal, check, release: async () => {} };
  }
}
