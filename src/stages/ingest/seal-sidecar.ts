import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { decodeText } from '../../media/subtitles/decode-text.ts';
import { readSubtitles, subtitleForm } from '../../media/subtitles/read.ts';
import { ScenelineError } from '../../model/errors.ts';
import { type Sidecar, type SidecarWish, sidecarKey } from '../../model/sidecar.ts';
import type { BlobStore } from '../../ports/blob-store.ts';

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Seals a file of subtitles: reads it, makes sure that it holds some, and keeps its bytes in the store. The title needs the file no more.
 * Throws SL-117 when it cannot be read, is larger than 16 MiB, or holds no subtitle in a form that becomes WebVTT.
 */
export async function sealSidecar({ language, path }: SidecarWish, blobs: BlobStore): Promise<Sidecar> {
  const { real, bytes } = await readFileOf(path);
  const { text, encoding, isGuess } = decodeText(bytes, language);
  const form = subtitleForm(text);
  if (form === null) throw unusable(path, 'is no SubRip, WebVTT or ASS');
  requireCues(path, () => readSubtitles(text, form).length);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await blobs.put(sidecarKey(sha256), bytes);
  return { language, path: real, sha256, sizeBytes: bytes.byteLength, form, encoding, isEncodingGuessed: isGuess };
}

async function readFileOf(path: string): Promise<{ real: string; bytes: Uint8Array }> {
  try {
    const real = await realpath(path);
    const facts = await stat(real);
    if (!facts.isFile()) throw unusable(path, 'is no file');
    if (facts.size > MAX_BYTES) throw unusable(path, `has ${facts.size} bytes; at most ${MAX_BYTES} are read`);
    return { real, bytes: await readFile(real) };
  } catch (error) {
    if (error instanceof ScenelineError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw unusable(path, code === 'ENOENT' ? 'does not exist' : `cannot be read: ${message}`, error);
  }
}

function requireCues(path: string, count: () => number): void {
  try {
    if (count() === 0) throw unusable(path, 'has no subtitle in it');
  } catch (error) {
    if (error instanceof RangeError) throw unusable(path, `cannot be read (${error.message})`, error);
    throw error;
  }
}

function unusable(path: string, why: string, cause?: unknown): ScenelineError {
  return new ScenelineError('SL-117', `The subtitle file ${path} ${why}.`, { cause });
}
