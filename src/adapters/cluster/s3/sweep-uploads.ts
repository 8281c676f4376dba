import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, type MultipartUpload } from '@aws-sdk/client-s3';
import type { S3Bucket } from './s3-bucket.ts';
import { isMissing } from './s3-errors.ts';

/**
 * Aborts uploads in parts that were begun before `beforeMs` and never completed: a process that died cannot, and their parts stay for ever, unseen and
 * paid for. Returns how many. Choose a time that no upload takes.
 */
export async function sweepUploads(bucket: S3Bucket, beforeMs: number): Promise<number> {
  let aborted = 0;
  for (const upload of await unfinishedUploads(bucket)) {
    if ((upload.Initiated?.getTime() ?? 0) >= beforeMs) continue;
    const command = new AbortMultipartUploadCommand({ Bucket: bucket.settings.bucket, Key: upload.Key, UploadId: upload.UploadId });
    await bucket.explained('abort uploads (s3:AbortMultipartUpload)', (client) =>
      client.send(command).catch((error) => {
        // Completed or aborted by others in between.
        if (!isMissing(error)) throw error;
      }),
    );
    aborted += 1;
  }
  return aborted;
}

async function unfinishedUploads(bucket: S3Bucket): Promise<readonly MultipartUpload[]> {
  const found: MultipartUpload[] = [];
  let from: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const command = new ListMultipartUploadsCommand({ Bucket: bucket.settings.bucket, Prefix: bucket.settings.prefix, ...from });
    const page = await bucket.explained('list uploads (s3:ListBucketMultipartUploads)', (client) => client.send(command));
    found.push(...(page.Uploads ?? []));
    if (!page.IsTruncated) return found;
    from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}
