import { createHash, type Hash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type Creation, changedWhileSent, isThere, type Outcome } from './create-object.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { explainS3, isConflict, isDamagedBody, isMissing, isPreconditionFailed, isUnknownOutcome } from './s3-errors.ts';

const PART_MIN_BYTES = 16 << 20;
/** S3 takes 10,000. */
const PARTS_MAX = 9_000;
/** In memory at once: bounds what an upload takes to this many parts. */
const PARTS_AT_ONCE = 2;
const PART_TRIES = 4;

type Upload = { readonly bucket: S3Bucket; readonly key: string; readonly uploadId: string };
/** Base64 SHA-256 and ETag of parts that the server has already, by part number. */
type KeptParts = ReadonlyMap<number, { readonly sha256: string; readonly etag: string }>;

/** Depends on nothing but the size, so that a later upload of the same bytes finds the same parts. */
export function partBytesOf(sizeBytes: number): number {
  const wanted = Math.ceil(sizeBytes / PARTS_MAX / PART_MIN_BYTES) * PART_MIN_BYTES;
  return Math.max(PART_MIN_BYTES, wanted);
}

/**
 * Stores an object in parts, each checked by the server against its SHA-256. It appears at completion, which is create-only.
 * The SHA-256 of the whole stands in the metadata, which S3 takes only at the start: so it was computed before, and is computed again over
 * what is sent. An upload that fails is aborted, unless it is to be resumed.
 */
export async function uploadInParts(bucket: S3Bucket, creation: Creation): Promise<Outcome> {
  const { key, content, resume } = creation;
  if (await bucket.head(key)) return 'there';
  const found = resume ? await findUpload(bucket, key) : null;
  const upload = { bucket, key, uploadId: found ?? (await startUpload(bucket, creation)) };
  try {
    const kept: KeptParts = found === null ? new Map() : await keptParts(upload);
    const whole = createHash('sha256');
    const parts = await sendParts(upload, creation, kept, whole);
    if (whole.digest('hex') !== content.sha256) throw changedWhileSent(key);
    const outcome = await complete(upload, parts);
    if (outcome !== 'created') await abort(upload);
    return outcome;
  } catch (error) {
    // Somebody ended this upload: completed or aborted it.
    if (isMissing(error)) return (await isThere(bucket, key)) ? 'there' : 'again';
    if (!resume) await abort(upload);
    throw explainS3(error, bucket.settings, 'write in parts (s3:PutObject)');
  }
}

async function startUpload(bucket: S3Bucket, { key, metadata }: Creation): Promise<string> {
  const command = new CreateMultipartUploadCommand({ Bucket: bucket.settings.bucket, Key: key, ChecksumAlgorithm: 'SHA256', Metadata: { ...metadata } });
  return (await bucket.explained('write in parts (s3:PutObject)', (client) => client.send(command))).UploadId!;
}

/** The newest unfinished upload to this very key, or null. */
async function findUpload(bucket: S3Bucket, key: string): Promise<string | null> {
  const command = new ListMultipartUploadsCommand({ Bucket: bucket.settings.bucket, Prefix: key });
  const { Uploads = [] } = await bucket.explained('list uploads (s3:ListBucketMultipartUploads)', (client) => client.send(command));
  const ours = Uploads.filter((upload) => upload.Key === key && upload.ChecksumAlgorithm !== 'CRC32');
  ours.sort((a, b) => Number(b.Initiated ?? 0) - Number(a.Initiated ?? 0));
  return ours[0]?.UploadId ?? null;
}

async function keptParts({ bucket, key, uploadId }: Upload): Promise<KeptParts> {
  const kept = new Map<number, { sha256: string; etag: string }>();
  // Not by the SDK's paginator: versitygw names a next page also where there is none.
  for (let from: string | undefined; ; ) {
    const at = { Bucket: bucket.settings.bucket, Key: key, UploadId: uploadId, PartNumberMarker: from };
    const page = await bucket.client.send(new ListPartsCommand(at));
    for (const part of page.Parts ?? []) kept.set(part.PartNumber!, { sha256: part.ChecksumSHA256 ?? '', etag: part.ETag ?? '' });
    if (!page.IsTruncated) return kept;
    from = page.NextPartNumberMarker;
  }
}

async function sendParts(upload: Upload, { content, key }: Creation, kept: KeptParts, whole: Hash): Promise<CompletedPart[]> {
  const partBytes = partBytesOf(content.sizeBytes);
  const parts: CompletedPart[] = [];
  const sending = new Set<Promise<void>>();
  try {
    for (let start = 0; start < content.sizeBytes; start += partBytes) {
      const endExclusive = Math.min(content.sizeBytes, start + partBytes);
      const body = await content.part(start, endExclusive);
      if (body.length < endExclusive - start) throw changedWhileSent(key);
      whole.update(body);
      const number = start / partBytes + 1;
      const sent = sendPart(upload, number, body, kept).then((part) => {
        parts[number - 1] = part;
        sending.delete(sent);
      });
      sending.add(sent);
      if (sending.size >= PARTS_AT_ONCE) await Promise.race(sending);
    }
    await Promise.all(sending);
  } finally {
    // A part still on its way would outlive the abort of its upload.
    await Promise.allSettled(sending);
  }
  return parts;
}

async function sendPart({ bucket, key, uploadId }: Upload, number: number, body: Uint8Array, kept: KeptParts): Promise<CompletedPart> {
  const sha256 = createHash('sha256').update(body).digest('base64');
  const there = kept.get(number);
  if (there?.sha256 === sha256) return { PartNumber: number, ETag: there.etag, ChecksumSHA256: sha256 };
  const command = new UploadPartCommand({
    Bucket: bucket.settings.bucket,
    Key: key,
    UploadId: uploadId,
    PartNumber: number,
    Body: body,
    ContentLength: body.length,
    ChecksumSHA256: sha256,
  });
  for (let tries = 1; ; tries += 1) {
    try {
      const { ETag } = await bucket.client.send(command);
      return { PartNumber: number, ETag, ChecksumSHA256: sha256 };
    } catch (error) {
      if (tries === PART_TRIES || !isDamagedBody(error)) throw error;
    }
  }
}

async function complete({ bucket, key, uploadId }: Upload, parts: CompletedPart[]): Promise<Outcome> {
  const command = new CompleteMultipartUploadCommand({
    Bucket: bucket.settings.bucket,
    Key: key,
    UploadId: uploadId,
    MultipartUpload: { Parts: parts },
    IfNoneMatch: '*',
  });
  try {
    await bucket.client.send(command);
    return 'created';
  } catch (error) {
    if (isPreconditionFailed(error)) return 'there';
    if (isConflict(error)) return 'again';
    if (isUnknownOutcome(error) && (await isThere(bucket, key))) return 'there';
    throw error;
  }
}

/** What cannot be aborted now is the sweeper's. */
async function abort({ bucket, key, uploadId }: Upload): Promise<void> {
  const command = new AbortMultipartUploadCommand({ Bucket: bucket.settings.bucket, Key: key, UploadId: uploadId });
  await bucket.client.send(command).catch(() => {});
}
