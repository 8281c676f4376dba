import { z } from 'zod';
import { STAGE_NAMES } from './stage.ts';

const frameNumber = z.int().nonnegative();
const finding = z.object({
  code: z.string(),
  severity: z.enum(['info', 'warn', 'refuse']),
  place: z.object({
    streamIndex: z.int().optional(),
    startFrame: frameNumber.optional(),
    endFrameExclusive: frameNumber.optional(),
    startSeconds: z.number().optional().describe('Since the first picture, or the first sound where there are none'),
    endSeconds: z.number().optional(),
  }),
  message: z.string(),
});

const stretch = { startFrame: frameNumber, endFrameExclusive: frameNumber, startSeconds: z.number().describe('Since the first picture') };

const scoreSummary = z.object({ mean: z.number(), worst: z.number() });
const scored = {
  ssim: scoreSummary.optional().describe('Structural similarity of luma at full size, 1 is equal'),
  vmaf: scoreSummary.optional().describe('VMAF 0.6.1 of one picture of each segment, without motion, 0 to 100; only where the ffmpeg has it'),
};

const quality = z.object({
  chunks: frameNumber.describe('Chunks of which pictures were scored'),
  chunksWithoutScore: frameNumber.describe('Chunks encoded before pictures were scored, or by an ffmpeg that cannot'),
  ...scored,
  shots: z.array(z.object({ ...stretch, pictures: frameNumber.describe('How many were scored'), ...scored })),
  pictures: z
    .array(z.object({ frame: frameNumber, seconds: z.number().describe("On the title's timeline"), ssim: z.number(), vmaf: z.number().optional() }))
    .describe('About one a second, held to the picture that the encoder was fed'),
});

const rendition = z.object({
  name: z.string(),
  file: z.string().describe('Path inside the title folder'),
  container: z.enum(['mp4', 'm4v']),
  codec: z.string().describe('RFC 6381'),
  width: z.int().positive().describe('Pixels'),
  height: z.int().positive().describe('Pixels'),
  frames: frameNumber,
  bytes: frameNumber,
  sha256: z.string(),
  bitsPerSecond: z.number(),
  recipe: z.record(z.string(), z.unknown()).describe('What the encoder was told'),
  validation: z.record(z.string(), z.unknown()).describe('What was proven, in figures'),
  quality: quality.optional().describe('How much the pictures resemble what the encoder was fed; missing in reports of earlier versions'),
});

/** `DIR/report.json` and `encode --json`. Published as schemas/report.schema.json. */
export const reportSchema = z.object({
  generator: z.literal('sceneline'),
  version: z.literal(1),
  title: z.string().describe('Title id'),
  revision: z.string().describe('Identity of source, ladder and encoder build'),
  protection: z.literal('none'),
  source: z.object({
    path: z.string(),
    sha256: z.string(),
    sizeBytes: frameNumber,
    facts: z.record(z.string(), z.unknown()),
    frames: frameNumber,
    timeBase: z.object({ num: z.int().positive(), den: z.int().positive() }),
    audio: z.array(z.record(z.string(), z.unknown())),
    sidecars: z.array(z.record(z.string(), z.unknown())).optional().describe('Subtitles delivered beside it'),
  }),
  encoderBuild: z.string(),
  findings: z.array(finding),
  shots: z.array(z.object(stretch)),
  chunks: z.array(z.object({ ...stretch, idrFrames: z.array(frameNumber), shots: z.array(z.object(stretch)) })),
  plan: z.object({
    videoStartTicks: z.number().describe("When the first picture comes on the title's timeline"),
    firstPtsTicks: z.number().optional().describe("Presentation time of the first frame on the source's clock; missing in reports of earlier versions"),
    audio: z.array(z.record(z.string(), z.unknown())),
    text: z.array(z.record(z.string(), z.unknown())),
  }),
  renditions: z.array(rendition),
  package: z.object({
    hls: z.string().describe('Path of the multivariant playlist inside the title folder'),
    dash: z.string().describe('Path of the MPD inside the title folder'),
    tracks: z.array(z.record(z.string(), z.unknown())),
  }),
  files: z.array(z.object({ file: z.string(), sizeBytes: frameNumber, sha256: z.string() })).describe('Every file of the folder but this one'),
  cost: z.object({
    wallSeconds: z.number(),
    cpuSeconds: z.object(Object.fromEntries(STAGE_NAMES.map((stage) => [stage, z.number()])) as Record<(typeof STAGE_NAMES)[number], z.ZodNumber>),
    framesEncoded: frameNumber,
    framesReused: frameNumber,
    attempts: frameNumber,
    losses: frameNumber,
  }),
});

export type Report = z.infer<typeof reportSchema>;
export type RenditionQuality = z.infer<typeof quality>;

/** The published JSON Schema of a report. */
export function reportJsonSchema(): object {
  return {
    ...z.toJSONSchema(reportSchema, { io: 'output', target: 'draft-2020-12' }),
    title: 'Sceneline report',
    description: 'What a title was made from, how, what was proven, how good it is and what it cost.',
  };
}

/** Reads a report. Throws RangeError with every problem when it is not one. */
export function parseReport(json: string): Report {
  return checkReport(parseReportJson(json));
}

/** The first half of `parseReport`: a long title's text and tables need not be held at once. Throws RangeError when it is not JSON. */
export function parseReportJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new RangeError(`report.json is not JSON: ${(error as Error).message}`);
  }
}

/** The second half. Throws RangeError with every problem. */
export function checkReport(value: unknown): Report {
  const parsed = reportSchema.safeParse(value);
  if (!parsed.success) throw new RangeError(`report.json is not a report: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
