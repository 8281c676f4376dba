import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

/** What is about to be stored, read in order and as often as needed: every try sends bytes of its own. */
export type Content = {
  readonly sizeBytes: number;
  /** Hex digits. */
  readonly sha256: string;
  /** Bytes `[start, endExclusive)`; fewer when the file has become shorter. */
  part(start: number, endExclusive: number): Promise<Uint8Array>;
};

const HASH_BLOCK_BYTES = 1 << 20;

export function contentOfBytes(bytes: Uint8Array): Content {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { sizeBytes: bytes.length, sha256, part: async (start, endExclusive) => bytes.subarray(start, endExclusive) };
}

/** Reads a file once for its hash, then gives its parts to `work`. `knownSha256` spares that read; the parts are held to it all the same. */
export async function withFileContent<T>(path: string, work: (content: Content) => Promise<T>, knownSha256?: string): Promise<T> {
  const handle = await open(path, 'r');
  try {
    const { size: sizeBytes } = await handle.stat();
    const sha256 = knownSha256 ?? (await sha256Of(handle, sizeBytes));
    return await work({ sizeBytes, sha256, part: (start, endExclusive) => readPart(handle, start, endExclusive) });
  } finally {
    await handle.close();
  }
}

/** One buffer for the whole file: streams make a new one for every read, faster than memory is given back. */
async function sha256Of(handle: FileHandle, sizeBytes: number): Promise<string> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(Math.min(HASH_BLOCK_BYTES, sizeBytes + 1));
  for (let at = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

async function readPart(handle: FileHandle, start: number, endExclusive: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(endExclusive - start);
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) return bytes.subarray(0, filled);
    filled += bytesRead;
  }
  return bytes;
}
