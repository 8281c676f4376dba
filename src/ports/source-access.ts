import type { MediaInput } from '../model/media-input.ts';
import type { SourceSeal } from '../model/source.ts';

/** A sealed source, opened for media tools wherever it is kept. */
export type OpenSource = {
  readonly input: MediaInput;
  /** Aborts, with the error as its reason, when the source can no longer be read or proves another one. What a media tool then makes of it is worth nothing. */
  readonly lost: AbortSignal;
  /** Throws SL-111 when the source is not as it was sealed: asked again before what was made of it counts. */
  check(): Promise<void>;
  release(): Promise<void>;
};

export interface SourceAccess {
  /** Throws SL-111 when the source is not as it was sealed, SL-105 when it cannot be read. */
  open(seal: SourceSeal): Promise<OpenSource>;
}
