import { z } from 'zod';
import { JOB_KINDS } from '../../../model/job.ts';
import type { ReadyJob } from '../../../ports/job-dispatch.ts';

const LONGEST_ID = 1024;

/** What a record of a job topic holds. */
const offerSchema = z.object({
  version: z.literal(1),
  id: z.string().min(1).max(LONGEST_ID),
  titleId: z.string().min(1).max(LONGEST_ID),
  revision: z.string().min(1).max(LONGEST_ID),
  kind: z.enum(JOB_KINDS),
  part: z.object({ index: z.int().min(0), codec: z.string().max(64).optional() }),
  exclusiveKey: z.string().min(1).max(LONGEST_ID).nullable(),
  priority: z.int(),
  fence: z.int().min(0),
});

export function serialiseOffer(job: ReadyJob): Buffer {
  return Buffer.from(JSON.stringify({ version: 1, ...job }));
}

/** Null for bytes that are no offer of the version known here. */
export function parseOffer(bytes: Uint8Array): ReadyJob | null {
  try {
    const { data } = offerSchema.safeParse(JSON.parse(Buffer.from(bytes).toString()));
    if (!data) return null;
    const { version, ...job } = data;
    return job;
  } catch {
    return null;
  }
}
