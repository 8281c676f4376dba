import { LINES_TOGETHER } from '../../model/media-output.ts';
import type { VideoTrack } from '../../model/source.ts';
import { DECODING_LIMITS } from '../../stages/inspect/limits.ts';
import { exactTiming } from '../../stages/inspect/trial.ts';
import { FrameLineReader, NumberList } from './frame-lines.ts';
import { masterInputArguments, type VerifyWorld } from './master-pictures.ts';

/**
 * Decoders leave in a damaged picture what stood in its memory before, mostly an earlier picture, and not all of them complain. Which one that is depends on how
 * many pictures are held behind the decoder: so many here, which all come out as they are.
 */
const HELD_PICTURES = [1, 3, 5];

/** Frames of a master that come out of its decoder as another picture when more pictures are held behind it: nobody can say what an encoder was fed. */
export async function findUnsteadyFrames(sourcePath: string, video: VideoTrack, world: VerifyWorld): Promise<ReadonlySet<number>> {
  const found: Float64Array[] = [];
  for (const held of HELD_PICTURES) found.push(await hashFrames(held));
  const [plain, ...others] = found;
  const unsteady = new Set<number>();
  for (const [frame, hash] of plain.entries()) if (others.some((hashes) => hashes[frame] !== hash)) unsteady.add(frame);
  return unsteady;

  async function hashFrames(held: number): Promise<Float64Array> {
    const hashes = new NumberList();
    const lines = new FrameLineReader(({ crc32 }) => hashes.push(crc32));
    // Whole groups only come out of the filter: the last one is filled up.
    const hold = `tpad=stop=${held - 1}:stop_mode=clone,shuffleframes=${Array.from({ length: held }, (_, i) => i).join(' ')}`;
    const args = [
      ...masterInputArguments(sourcePath, video, 1),
      ...['-filter_complex', `[0:${video.streamIndex}]${hold}[all]`, '-map', '[all]', ...exactTiming(video.timeBase)],
      ...['-c:v', 'rawvideo', '-f', 'framehash', '-hash', 'crc32', ...LINES_TOGETHER, 'pipe:1'],
    ];
    const { tools, scratchDir, signal } = world;
    await tools.run({ tool: 'ffmpeg', args, cwd: scratchDir, outputs: { 1: (bytes) => lines.push(bytes) }, limits: DECODING_LIMITS, signal });
    return hashes.toArray();
  }
}
