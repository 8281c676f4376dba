import { z } from 'zod';
import type { Rung } from '../../../model/ladder.ts';

const MOST_RUNGS = 24;
const LARGEST_BOX_PX = 4320;
const X264_PRESETS = ['ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium', 'slow', 'slower', 'veryslow', 'placebo'];
/** Presets an encoder knows, and the one it gets when the ladder names none. */
const PRESETS: { readonly [codec in Rung['codec']]: { readonly known: readonly string[]; readonly usual: string } } = {
  h264: { known: X264_PRESETS, usual: 'medium' },
  h265: { known: X264_PRESETS, usual: 'medium' },
  av1: { known: ['0', '1', '2', '3', '4', '5', '6', '7', '8'], usual: '6' },
};
const LARGEST_CRF = { h264: 51, h265: 51, av1: 63 } as const;
/** What broadcasters and streams ask for lies well inside. */
export const LOUDNESS_LUFS = { usual: -23, least: -40, most: -5 };
/** Names that renditions of sound and text have. */
const TAKEN_NAMES = /^(audio|text)-/;

const rungFields = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and -')
    .describe('Unique in the ladder; the file name without extension.'),
  container: z.enum(['mp4', 'm4v']).default('mp4').describe('m4v: for Apple devices; shares the pictures of the mp4 rung with the same recipe.'),
  codec: z.enum(['h264', 'h265', 'av1']).default('h264'),
  boxPx: z
    .int()
    .min(64)
    .max(LARGEST_BOX_PX)
    .multipleOf(2)
    .describe('The picture fits into boxPx * 16 / 9 by boxPx, turned for upright pictures; never enlarged.'),
  crf: z.number().min(1).max(63).describe('Constant rate factor of the encoder: quality, smaller is better. At most 51 for h264 and h265.'),
  maxrateKbps: z.int().min(50).max(400_000).describe('Ceiling of the coded video, thousand bits per second.'),
  bufsizeKbit: z.int().min(50).max(1_600_000).describe('No stretch of segments has more bits than maxrateKbps times its length plus this.'),
  hdr: z.boolean().optional().describe('true: keeps the colours of an HDR source with 10 bits (h265 or av1); left out of SDR sources. Else SDR, tone-mapped.'),
  preset: z.string().optional().describe('Of the encoder: ultrafast to placebo for h264 and h265 (medium when missing), 0 to 8 for av1 (6 when missing).'),
});

const rung = rungFields
  .superRefine((value, ctx) => {
    const { known } = PRESETS[value.codec];
    const problem = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: [path], message });
    if (value.crf > LARGEST_CRF[value.codec]) problem('crf', `must be at most ${LARGEST_CRF[value.codec]} for ${value.codec}`);
    if (value.preset !== undefined && !known.includes(value.preset)) problem('preset', `must be one of ${known.join(', ')} for ${value.codec}`);
    if (value.container === 'm4v' && value.codec === 'av1') problem('codec', 'av1 is not played from an m4v file');
    if (value.hdr && value.codec === 'h264') problem('hdr', 'needs codec h265 or av1');
    if (value.bufsizeKbit < value.maxrateKbps / 2) problem('bufsizeKbit', 'must hold at least half a second at maxrateKbps');
    if (TAKEN_NAMES.test(value.name)) problem('name', 'must not begin with audio- or text-');
  })
  .transform((value) => ({ ...value, preset: value.preset ?? PRESETS[value.codec].usual }));

/** What a ladder file holds. Published as schemas/ladder.schema.json. */
export const ladderSchema = z.strictObject({
  rungs: z.array(rung).min(1).max(MOST_RUNGS),
  loudnessLufs: z
    .number()
    .min(LOUDNESS_LUFS.least)
    .max(LOUDNESS_LUFS.most)
    .optional()
    .describe('Every sound track is brought to this integrated loudness (EBU R 128: -23); without it sound keeps its own.'),
  audioKbpsPerChannel: z.int().min(16).max(160).default(80).describe('AAC, thousand bits per second and channel.'),
});

const relatedFields = z.object({
  rungs: z.array(z.object({ name: z.unknown().optional(), container: z.unknown().optional(), hdr: z.unknown().optional() }).catch({})),
});

/** Problems between rungs; found even where single fields are wrong. */
export function relationProblems(value: unknown): { path: PropertyKey[]; message: string }[] {
  const rungs = relatedFields.safeParse(value).data?.rungs ?? [];
  const seen = new Set<unknown>();
  const problems: { path: PropertyKey[]; message: string }[] = [];
  for (const [i, { name }] of rungs.entries()) {
    if (typeof name === 'string' && seen.has(name)) problems.push({ path: ['rungs', i, 'name'], message: 'must be unique' });
    seen.add(name);
  }
  const isOnlyM4v = rungs.length > 0 && rungs.every(({ container }) => container === 'm4v');
  if (isOnlyM4v) problems.push({ path: ['rungs'], message: 'must have an mp4 rung: m4v is in no manifest' });
  const isOnlyHdr = !isOnlyM4v && rungs.length > 0 && rungs.every(({ container, hdr }) => container === 'm4v' || hdr === true);
  if (isOnlyHdr) problems.push({ path: ['rungs'], message: 'must have an mp4 rung without hdr: SDR sources and ordinary displays need one' });
  return problems;
}

/** The published JSON Schema of a ladder file. */
export function ladderJsonSchema(): object {
  return {
    ...z.toJSONSchema(ladderSchema, { io: 'input', target: 'draft-2020-12' }),
    title: 'Sceneline ladder',
    description: 'What is made of a title: one rung a line, and the bit rate of its sound.',
  };
}
