import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/**
 * The text of a regular file of at most `maxBytes`; throws on any other, having read no more than one byte above that.
 * A pipe that nobody writes to and a device without end are refused, not waited for.
 */
export function readSmallFile(path: string, maxBytes: number): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) throw new Error('it is not a file');
    const bytes = Buffer.alloc(maxBytes + 1);
    let filled = 0;
    for (let read = 1; read > 0 && filled < bytes.length; filled += read) read = readSync(file, bytes, filled, bytes.length - filled, filled);
    if (filled > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
    return bytes.toString('utf8', 0, filled);
  } finally {
    closeSync(file);
  }
}
