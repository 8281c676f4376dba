import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { ScenelineError } from '../../../model/errors.ts';
import type { Content } from './content.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { explainS3, isConflict, isDamagedBody, isPreconditionFailed, isUnknownOutcome } from './s3-errors.ts';
import { uploadInParts } from './upload-parts.ts';

/** `there`: the key has an object, which may be ours: an answer may have been lost. `again`: nothing was decided. */
export type Outcome = 'created' | 'there' | 'again';

export type Creation = {
  /** As the bucket has it. */
  readonly key: string;
  readonly content: Content;
  readonly metadata: { readonly [name: string]: string };
  /** Whether parts that an earlier upload of the same bytes to this key has left are used, and ours are left for a later one. */
  readonly resume: boolean;
};

/** Larger objects are sent in parts of at least this size, so that a cut costs a part. */
export const WHOLE_MAX_BYTES = 16 << 20;
/** More often than this, conflicts and damaged bodies are not chance. */
const TRIES = 5;

/**
 * Stores an object create-only (`If-None-Match: *`), checked by the server against our SHA-256. Resolves to `created` or `there`.
 * Throws SL-165 when the content changed while it was sent, SL-161 to SL-163 when the store does not take it.
 */
export async function createObject(bucket: S3Bucket, creation: Creation): Promise<'created' | 'there'> {
  for (let tries = 1; ; tries += 1) {
    const outcome = creation.content.sizeBytes > WHOLE_MAX_BYTES ? await uploadInParts(bucket, creation) : await putWhole(bucket, creation, tries === TRIES);
    if (outcome !== 'again') return outcome;
    if (tries === TRIES) throw new ScenelineError('SL-161', `The object store does not decide who writes ${creation.key}: ${TRIES} conflicts in a row.`);
  }
}

async function putWhole(bucket: S3Bucket, { key, content, metadata }: Creation, isLastTry: boolean): Promise<Outcome> {
  const body = await content.part(0, content.sizeBytes);
  const digest = createHash('sha256').update(body).digest();
  if (digest.toString('hex') !== content.sha256) throw changedWhileSent(key);
  const command = new PutObjectCommand({
    Bucket: bucket.settings.bucket,
    Key: key,
    Body: body,
    ContentLength: body.length,
    ChecksumSHA256: digest.toString('base64'),
    IfNoneMatch: '*',
    Metadata: { ...metadata },
  });
  try {
    await bucket.client.send(command);
    return 'created';
  } catch (error) {
    if (isPreconditionFailed(error)) return 'there';
    if (isConflict(error) || (isDamagedBody(error) && !isLastTry)) return 'again';
    if (isUnknownOutcome(error) && (await isThere(bucket, key))) return 'there';
    throw explainS3(error, bucket.settings, 'write (s3:PutObject)');
  }
}

/** After an unknown outcome. A store that does not answer this either leaves the first error to be told. */
export async function isThere(bucket: S3Bucket, key: string): Promise<boolean> {
  return (await bucket.head(key).catch(() => null)) !== null;
}

export function changedWhileSent(key: string): ScenelineError {
  return new ScenelineError('SL-165', `The file for ${key} changed while it was sent to the object store.`);
}
