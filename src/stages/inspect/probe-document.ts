import { ScenelineError } from '../../model/errors.ts';
import { type MediaInput, sourceArguments } from '../../model/media-input.ts';
import { asObject, type JsonObject, objectAt, objectsAt } from './json-access.ts';

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
const MAX_CHAPTERS = 10_000;
export const MAX_SIDE_DATA = 64;

/** What ffprobe said about a file; the values are still as the file gave them. */
export type ProbeDocument = { readonly format: JsonObject; readonly streams: readonly JsonObject[]; readonly chapters: readonly JsonObject[] };

export function probeArgs(source: MediaInput): readonly string[] {
  return ['-of', 'json=c=1', '-show_format', '-show_streams', '-show_chapters', ...sourceArguments(source)];
}

/** Collects a tool's output up to 16 MiB; throws SL-350 beyond. */
export class DocumentBytes {
  readonly #parts: Buffer[] = [];
  #length = 0;

  write(bytes: Uint8Array): void {
    this.#length += bytes.byteLength;
    if (this.#length > MAX_DOCUMENT_BYTES) throw new ScenelineError('SL-350', `What the file says about itself is longer than ${MAX_DOCUMENT_BYTES} bytes.`);
    this.#parts.push(Buffer.from(bytes));
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString('utf8');
  }
}

/** Reads ffprobe's JSON. Throws SL-301 when it is not a JSON object. */
export function parseProbeDocument(text: string): ProbeDocument {
  const root = parseRoot(text);
  return { format: objectAt(root, 'format'), streams: objectsAt(root, 'streams', MAX_DOCUMENT_BYTES), chapters: objectsAt(root, 'chapters', MAX_CHAPTERS) };
}

/** The object that ffprobe's JSON is. Throws SL-301 when it is something else. */
export function parseRoot(text: string): JsonObject {
  let root: JsonObject | null = null;
  try {
    root = asObject(JSON.parse(text));
  } catch (cause) {
    throw new ScenelineError('SL-301', 'ffprobe wrote something else than JSON.', { cause });
  }
  if (root === null) throw new ScenelineError('SL-301', 'ffprobe wrote something else than a JSON object.');
  return root;
}
