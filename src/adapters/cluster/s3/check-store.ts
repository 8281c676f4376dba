import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { ScenelineError } from '../../../model/errors.ts';
import type { Random } from '../../../ports/clock.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { explainS3, statusOf } from './s3-errors.ts';

type Check = { readonly doing: string; readonly run: () => Promise<void> };

const BODY = Buffer.from('Sceneline looks whether this store keeps its promises.');
const base64Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');

/**
 * Tries on an object of its own everything that we need of a store: that the bucket is there, every permission, create-only writes (whole and in parts), checked
 * SHA-256 and reads of one version. Returns all that is wrong, with SL-161 to SL-164; nothing when all is well.
 */
export async function checkStore(bucket: S3Bucket, random: Random): Promise<readonly ScenelineError[]> {
  const { client, settings } = bucket;
  try {
    await client.send(new HeadBucketCommand({ Bucket: settings.bucket }));
  } catch (error) {
    if (statusOf(error) === 404) return [new ScenelineError('SL-163', `There is no bucket ${settings.bucket} at ${settings.endpoint ?? settings.region}.`)];
    return [problemOf(error, bucket, 'look at the bucket (s3:ListBucket)')];
  }
  const problems: ScenelineError[] = [];
  for (const { doing, run } of checksOf(bucket, `${settings.prefix}checks/${random.id()}`)) {
    await run().catch((error) => problems.push(problemOf(error, bucket, doing)));
  }
  return problems;
}

function problemOf(error: unknown, bucket: S3Bucket, doing: string): ScenelineError {
  const explained = explainS3(error, bucket.settings, doing);
  if (explained instanceof ScenelineError) return explained;
  return new ScenelineError('SL-161', `The object store cannot ${doing}: ${String(error)}.`, { cause: error });
}

function checksOf(bucket: S3Bucket, key: string): readonly Check[] {
  const { client, settings } = bucket;
  const at = { Bucket: settings.bucket, Key: key };
  const body = { Body: BODY, ContentLength: BODY.length };
  const put = (changes: object) => client.send(new PutObjectCommand({ ...at, ...body, ...changes }));
  return [
    { doing: 'write (s3:PutObject)', run: async () => void (await put({ ChecksumSHA256: base64Of(BODY), Metadata: { sha256: 'x' } })) },
    { doing: 'write only what is not there', run: () => refused(put({ IfNoneMatch: '*' }), 412, 'It overwrites an object in spite of If-None-Match.') },
    {
      doing: 'check SHA-256',
      run: () => refused(put({ Key: `${key}-bad`, ChecksumSHA256: base64Of(Buffer.from('else')) }), 400, 'It takes a body that is not what its SHA-256 says.'),
    },
    {
      doing: 'read (s3:GetObject)',
      run: async () => {
        const { Body, Metadata } = await client.send(new GetObjectCommand(at));
        const isSame = BODY.equals((await Body?.transformToByteArray()) ?? new Uint8Array()) && Metadata?.sha256 === 'x';
        if (!isSame) throw broken('What is read is not what was written.');
      },
    },
    {
      doing: 'read one version only',
      run: () => refused(client.send(new GetObjectCommand({ ...at, IfMatch: '"0"' })), 412, 'It gives another version than If-Match names.'),
    },
    {
      doing: 'list (s3:ListBucket)',
      run: async () => {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: settings.bucket, Prefix: key }));
        if (!Contents.some((object) => object.Key === key)) throw broken('What was written is in no listing.');
      },
    },
    { doing: 'write in parts (s3:PutObject, s3:AbortMultipartUpload)', run: () => checkParts(bucket, key) },
    {
      doing: 'list uploads (s3:ListBucketMultipartUploads)',
      run: async () => void (await client.send(new ListMultipartUploadsCommand({ Bucket: settings.bucket, Prefix: key }))),
    },
    {
      doing: 'delete (s3:DeleteObject)',
      run: async () => {
        await Promise.all([bucket.delete(key), bucket.delete(`${key}-bad`)]);
        if (await bucket.head(key)) throw broken('What was deleted is still there.');
      },
    },
  ];
}

/** An upload in parts to a key that is taken must be refused at its completion. */
async function checkParts({ client, settings }: S3Bucket, key: string): Promise<void> {
  const at = { Bucket: settings.bucket, Key: key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: 'SHA256' }));
  const part = { PartNumber: 1, ChecksumSHA256: base64Of(BODY) };
  const { ETag } = await client.send(new UploadPartCommand({ ...at, ...part, UploadId, Body: BODY, ContentLength: BODY.length }));
  const complete = new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: [{ ...part, ETag }] }, IfNoneMatch: '*' });
  await refused(client.send(complete), 412, 'It completes an upload over an object in spite of If-None-Match.');
  await client.send(new AbortMultipartUploadCommand({ ...at, UploadId }));
}

async function refused(request: Promise<unknown>, status: number, otherwise: string): Promise<void> {
  let answer: number | null = 200;
  try {
    await request;
  } catch (error) {
    answer = statusOf(error);
    const saysNothing = answer === null || answer >= 500 || answer === 403;
    if (saysNothing) throw error;
  }
  if (answer !== status) throw broken(`${otherwise} (It answered ${answer} where ${status} was expected.)`);
}

function broken(how: string): ScenelineError {
  return new ScenelineError('SL-164', `The object store cannot be used. ${how}`);
}
