import { HeadBucketCommand } from '@aws-sdk/client-s3';
import type { S3Bucket } from './s3-bucket.ts';

/** Milliseconds since 1970 by the store's clock, to the second; null when it does not say. Throws what the store refuses with (SL-161, SL-162). */
export async function storeNowMs(bucket: S3Bucket): Promise<number | null> {
  let date: string | undefined;
  const command = new HeadBucketCommand({ Bucket: bucket.settings.bucket });
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = (result.response as { headers?: { date?: string } }).headers?.date;
      return result;
    },
    { step: 'deserialize', name: 'storeClock' },
  );
  await bucket.explained('look at the bucket (s3:ListBucket)', (client) => client.send(command));
  const nowMs = Date.parse(date ?? '');
  return Number.isNaN(nowMs) ? null : nowMs;
}
