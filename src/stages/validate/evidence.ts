import { join } from 'node:path';
import { type TimeBase, ticksToSeconds } from '../../media/time.ts';
import { type MediaInput, sourceArguments } from '../../model/media-input.ts';
import type { StageContext } from '../../ports/stage-context.ts';

const LIMITS = { stallMs: 120_000, wallMs: 300_000 };

/**
 * Stores the picture that should have come out and the one that did, as PNG, for a person to look at. Evidence must never hide the fault it
 * belongs to: what cannot be made is left out.
 */
export async function storePictures(
  input: { source: MediaInput; streamIndex: number; timeBase: TimeBase; sourcePtsTicks: number; encodedPath: string; position: number },
  ctx: StageContext,
): Promise<string[]> {
  const seekSeconds = Math.max(0, ticksToSeconds(input.sourcePtsTicks, input.timeBase) - 20).toFixed(3);
  const wanted = [
    {
      name: 'fed.png',
      args: [
        '-copyts',
        '-ss',
        seekSeconds,
        ...sourceArguments(input.source),
        '-map',
        `0:${input.streamIndex}`,
        '-vf',
        `select=eq(pts\\,${input.sourcePtsTicks})`,
      ],
    },
    { name: 'encoded.png', args: ['-protocol_whitelist', 'file,pipe', '-i', input.encodedPath, '-map', '0:v:0', '-vf', `select=eq(n\\,${input.position})`] },
  ];
  const keys: string[] = [];
  for (const { name, args } of wanted) {
    const path = join(ctx.scratchDir, name);
    const key = `evidence/${ctx.attemptId}/${name}`;
    try {
      await ctx.tools.run({
        tool: 'ffmpeg',
        args: ['-y', ...args, '-frames:v', '1', path],
        cwd: ctx.scratchDir,
        limits: LIMITS,
        signal: ctx.signal,
      });
      await ctx.blobs.putFile(key, path);
      keys.push(key);
    } catch (error) {
      if (ctx.signal.aborted) throw error;
    }
  }
  return keys;
}
