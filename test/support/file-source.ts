import { statSync } from 'node:fs';
import { fileInput, type MediaInput } from '../../src/model/media-input.ts';

/** A file as the scan of a source wants it. */
export function fileSource(path: string): { source: MediaInput; sourceBytes: number } {
  return { source: fileInput(path), sourceBytes: statSync(path).size };
}
