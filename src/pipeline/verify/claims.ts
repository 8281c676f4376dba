import { z } from 'zod';
import type { AudioPlan } from '../../model/plan.ts';
import type { Report } from '../../model/report.ts';

const name = z.string().regex(/^[a-z0-9-]{1,32}$/);
const audioClaim = z.object({
  streamIndex: z.int().nonnegative(),
  name,
  language: z.string(),
  title: z.string(),
  isDefault: z.boolean(),
  channels: z.union([z.literal(1), z.literal(2), z.literal(6)]),
  sampleRate: z.int().min(1000).max(768_000),
  bitrateKbps: z.number(),
  leadSamples: z.int().nonnegative(),
  sampleCount: z.int().positive(),
  followTimes: z.boolean(),
  changesForm: z.literal(true).optional(),
  gainDb: z.number().min(-60).max(60).optional(),
});

/** Everything of a report that the proof leans on, in a form that can be leaned on. */
export type Claims = {
  readonly report: Report;
  readonly audio: readonly AudioPlan[];
  readonly textNames: readonly string[];
  /** Of all chunks, in their order. */
  readonly idrFrames: readonly number[];
};

/** Reads the plan that a report tells of. Throws RangeError when it has not the form of one. */
export function readClaims(report: Report): Claims {
  const audio = z.array(audioClaim).safeParse(report.plan.audio);
  const texts = z.array(z.object({ name })).safeParse(report.plan.text);
  if (!audio.success) throw new RangeError(`its audio plan is none: ${z.prettifyError(audio.error)}`);
  if (!texts.success) throw new RangeError(`its text plan is none: ${z.prettifyError(texts.error)}`);
  return { report, audio: audio.data, textNames: texts.data.map((text) => text.name), idrFrames: report.chunks.flatMap((chunk) => chunk.idrFrames) };
}

/** What a report says of frames and chunks against the master's frame count and against itself. One sentence for each fault; pure. */
export function checkChunks({ report, idrFrames }: Claims, frameCount: number): string[] {
  const faults: string[] = [];
  if (report.source.frames !== frameCount) faults.push(`says that the master has ${report.source.frames} frames; it has ${frameCount}`);
  let next = 0;
  for (const [i, chunk] of report.chunks.entries()) {
    if (chunk.startFrame !== next || chunk.endFrameExclusive <= chunk.startFrame) faults.push(`chunk ${i} does not begin where the one before ends`);
    if (chunk.idrFrames[0] !== chunk.startFrame) faults.push(`chunk ${i} does not begin with an IDR`);
    if (chunk.idrFrames.some((frame) => frame < chunk.startFrame || frame >= chunk.endFrameExclusive)) faults.push(`chunk ${i} has IDRs outside of it`);
    next = chunk.endFrameExclusive;
  }
  if (next !== frameCount) faults.push(`its chunks end at frame ${next} of ${frameCount}`);
  if (idrFrames.some((frame, i) => i > 0 && frame <= idrFrames[i - 1])) faults.push('its IDRs are not in order');
  let shotEnd = 0;
  for (const [i, shot] of report.shots.entries()) {
    if (shot.startFrame !== shotEnd || shot.endFrameExclusive <= shot.startFrame) faults.push(`shot ${i} does not begin where the one before ends`);
    shotEnd = shot.endFrameExclusive;
  }
  if (shotEnd !== frameCount) faults.push(`its shots end at frame ${shotEnd} of ${frameCount}`);
  return faults.slice(0, 20);
}
