import { type FileHandle, open, stat } from 'node:fs/promises';

/** Random access to immutable bytes. `read` gives exactly `[start, endExclusive)` or throws RangeError; it never gives less. */
export type ByteSource = {
  readonly sizeBytes: number;
  read(start: number, endExclusive: number): Promise<Uint8Array>;
  /** Fills `into` with the bytes from `start` on: for whoever reads a lot and keeps nothing. */
  readInto?(start: number, into: Uint8Array): Promise<void>;
};

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.byteLength,
    read: async (start, endExclusive) => {
      checkRange(start, endExclusive, bytes.byteLength);
      return bytes.subarray(start, endExclusive);
    },
  };
}

/** Local files as sources. Few descriptors stay open at a time, however many files take part. Call `close` when done. */
export class FileSources {
  readonly #maxOpen: number;
  readonly #handles = new Map<string, Promise<FileHandle>>();

  constructor(maxOpen = 8) {
    this.#maxOpen = maxOpen;
  }

  async source(path: string): Promise<ByteSource> {
    const { size } = await stat(path);
    const readInto = async (start: number, into: Uint8Array): Promise<void> => {
      checkRange(start, start + into.byteLength, size);
      const handle = await this.#handle(path);
      for (let done = 0; done < into.byteLength; ) {
        const { bytesRead } = await handle.read(into, done, into.byteLength - done, start + done);
        if (bytesRead === 0) throw new RangeError(`the file ended at byte ${start + done} of ${size}`);
        done += bytesRead;
      }
    };
    const read = async (start: number, endExclusive: number): Promise<Uint8Array> => {
      checkRange(start, endExclusive, size);
      const bytes = new Uint8Array(endExclusive - start);
      await readInto(start, bytes);
      return bytes;
    };
    return { sizeBytes: size, read, readInto };
  }

  async close(): Promise<void> {
    const handles = [...this.#handles.values()];
    this.#handles.clear();
    await Promise.allSettled(handles.map(async (handle) => (await handle).close()));
  }

  #handle(path: string): Promise<FileHandle> {
    const known = this.#handles.get(path);
    const handle = known ?? open(path, 'r');
    this.#handles.delete(path);
    this.#handles.set(path, handle);
    if (this.#handles.size > this.#maxOpen) {
      const [oldestPath, oldest] = this.#handles.entries().next().value!;
      this.#handles.delete(oldestPath);
      // A pending read is waited for by close(); a handle that failed to open has told its own reader.
      oldest.then((it) => it.close()).catch(() => {});
    }
    return handle;
  }
}

/** Serves small reads from one remembered window, so that walking box headers costs few real reads. */
export function windowedSource(source: ByteSource, windowBytes = 16384): ByteSource {
  let windowStart = 0;
  let window: Uint8Array = new Uint8Array(0);
  return {
    sizeBytes: source.sizeBytes,
    read: async (start, endExclusive) => {
      checkRange(start, endExclusive, source.sizeBytes);
      if (endExclusive - start > windowBytes) return source.read(start, endExclusive);
      if (start < windowStart || endExclusive > windowStart + window.byteLength) {
        window = await source.read(start, Math.min(source.sizeBytes, start + windowBytes));
        windowStart = start;
      }
      return window.subarray(start - windowStart, endExclusive - windowStart);
    },
  };
}

/** Fills `into` with the bytes from `start` on, without a new array where the source can do so. */
export async function readInto(source: ByteSource, start: number, into: Uint8Array): Promise<void> {
  if (source.readInto) await source.readInto(start, into);
  else into.set(await source.read(start, start + into.byteLength));
}

function checkRange(start: number, endExclusive: number, sizeBytes: number): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(endExclusive) || start < 0 || endExclusive < start || endExclusive > sizeBytes) {
    throw new RangeError(`bytes ${start} to ${endExclusive} are outside of ${sizeBytes}`);
  }
}
