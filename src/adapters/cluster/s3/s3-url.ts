import { ScenelineError } from '../../../model/errors.ts';

export type S3Place = { readonly bucket: string; readonly key: string };

const URL_MAX_LENGTH = 2048;
const KEY_MAX_BYTES = 1024;
/** Bucket naming rules of S3, which keep a name from being anything but one part of a host name or path. */
const BUCKET = /^[a-z0-9](?:[a-z0-9-]|\.(?![.-])){1,61}[a-z0-9]$/;
const CONTROL = /[\p{Cc}\p{Cs}]/u;

/**
 * Reads `s3://bucket/key`. The key is taken as it is written: no percent signs decoded, no query, no fragment. Throws SL-101 for everything else, also for
 * keys with empty parts and the parts `.` and `..`, which some clients and servers would resolve to another place.
 */
export function parseS3Url(url: string): S3Place {
  const match = url.length <= URL_MAX_LENGTH ? /^s3:\/\/([^/]+)\/(.+)$/s.exec(url) : null;
  if (match === null) throw notAUrl(url, 'it has not the form s3://bucket/key');
  const [, bucket, key] = match;
  if (!BUCKET.test(bucket) || bucket.includes('-.')) throw notAUrl(url, 'that is no name of a bucket');
  if (CONTROL.test(key)) throw notAUrl(url, 'the key has characters that cannot be shown');
  if (Buffer.byteLength(key) > KEY_MAX_BYTES) throw notAUrl(url, `the key is longer than ${KEY_MAX_BYTES} bytes`);
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..')) throw notAUrl(url, 'a part of the key is empty, "." or ".."');
  return { bucket, key };
}

export function writeS3Url({ bucket, key }: S3Place): string {
  return `s3://${bucket}/${key}`;
}

function notAUrl(url: string, why: string): ScenelineError {
  return new ScenelineError('SL-101', `${JSON.stringify(url.slice(0, 200))} is no address of an object: ${why}.`);
}
