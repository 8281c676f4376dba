import { basename } from 'node:path';
import type { SubtitleForm } from '../media/subtitles/read.ts';
import type { Finding } from './finding.ts';

/** A file of subtitles delivered beside the source, sealed: its bytes are kept under `sidecarKey`, whatever becomes of the file. */
export type Sidecar = {
  /** As the operator said it: BCP 47 or ISO 639-2. */
  readonly language: string;
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly form: SubtitleForm;
  /** Label of the Encoding Standard, and whether it was guessed. */
  readonly encoding: string;
  readonly isEncodingGuessed: boolean;
};

/** What an operator asked for before it is sealed. */
export type SidecarWish = { readonly language: string; readonly path: string };

export function sidecarKey(sha256: string): string {
  return `sidecars/${sha256}`;
}

/** What there is to say of sidecars: pure. */
export function sidecarFindings(sidecars: readonly Sidecar[] = []): Finding[] {
  return sidecars
    .filter(({ isEncodingGuessed }) => isEncodingGuessed)
    .map(({ path, encoding, language }) => ({
      code: 'SL-251',
      severity: 'warn',
      place: {},
      message: `The subtitles ${basename(path)} (${language}) are not in UTF-8; they are read as ${encoding}, which is a guess.`,
    }));
}
