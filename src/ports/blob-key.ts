const PART = /^[a-z0-9-][a-z0-9.-]{0,99}$/;
const PARTS_MAX = 4;

/** True for one part of a key: `[a-z0-9.-]{1,100}`, not starting with a dot. */
export function isBlobKeyPart(part: string): boolean {
  return PART.test(part);
}

/** The parts of a BlobStore key. Throws a RangeError for what is no key, whatever a caller was tricked into passing. */
export function blobKeyParts(key: string): readonly string[] {
  const parts = key.split('/', PARTS_MAX + 1);
  if (parts.length > PARTS_MAX || !parts.every(isBlobKeyPart)) throw new RangeError(`not an object key: ${JSON.stringify(key.slice(0, 120))}`);
  return parts;
}
