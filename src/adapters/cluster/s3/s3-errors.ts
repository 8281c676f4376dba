import { S3ServiceException } from '@aws-sdk/client-s3';
import { ScenelineError } from '../../../model/errors.ts';
import type { S3Settings } from './settings.ts';

/** Servers disagree on the names of refused bodies: AWS and versitygw, MinIO. */
const BAD_BODY = ['BadDigest', 'XAmzContentChecksumMismatch', 'XAmzContentSHA256Mismatch', 'InvalidDigest'];

/** The HTTP status that a server refused with; null when there was no answer. */
export function statusOf(error: unknown): number | null {
  return error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? null) : null;
}

/** A key that is there already met `If-None-Match: *`, or an object is another one than `If-Match` named. */
export function isPreconditionFailed(error: unknown): boolean {
  return statusOf(error) === 412;
}

/** Another write to the key was under way: nothing was decided. */
export function isConflict(error: unknown): boolean {
  return statusOf(error) === 409 && error instanceof S3ServiceException && /^(?:ConditionalRequestConflict|OperationAborted)$/.test(error.name);
}

export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && error instanceof S3ServiceException && error.name !== 'NoSuchBucket';
}

/** What the server received is not what the checksum says was sent. */
export function isDamagedBody(error: unknown): boolean {
  return error instanceof S3ServiceException && BAD_BODY.includes(error.name);
}

/** No answer, or one that says nothing about whether the request had its effect. */
export function isUnknownOutcome(error: unknown): boolean {
  if (error instanceof ScenelineError || error instanceof RangeError) return false;
  const status = statusOf(error);
  return status === null ? error instanceof Error : status >= 500 || status === 408 || status === 429;
}

/** SL-161 to SL-163 for what a store answers when it cannot serve; anything else as it is. No key or secret is in the words. */
export function explainS3(error: unknown, settings: S3Settings, doing: string): unknown {
  if (error instanceof ScenelineError || error instanceof RangeError || !(error instanceof Error)) return error;
  const place = `bucket ${settings.bucket} at ${settings.endpoint ?? `AWS ${settings.region}`}`;
  const status = statusOf(error);
  if (error.name === 'NoSuchBucket') return new ScenelineError('SL-163', `There is no ${place}.`, { cause: error });
  if (status === 401 || status === 403) {
    return new ScenelineError('SL-162', `${place}: not allowed to ${doing} (${error.name}).`, { cause: error });
  }
  if (error.name === 'CredentialsProviderError') return new ScenelineError('SL-162', `${place}: no access keys were found.`, { cause: error });
  if (isDamagedBody(error)) return new ScenelineError('SL-165', `${place}: what arrived when trying to ${doing} was not what was sent.`, { cause: error });
  if (status !== null || isNetworkError(error)) {
    return new ScenelineError('SL-161', `${place}: cannot ${doing} (${error.name}${status === null ? '' : ` ${status}`}: ${error.message}).`, { cause: error });
  }
  return error;
}

function isNetworkError(error: Error): boolean {
  return (
    ('code' in error && /^E[A-Z]+$/.test(String(error.code))) ||
    /^(?:TimeoutError|AbortError|AggregateError|CutShort)$/.test(error.name) ||
    '$metadata' in error
  );
}
