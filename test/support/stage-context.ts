import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FileBlobStore } from '../../src/adapters/embedded/file-blob-store.ts';
import { NodeFiles } from '../../src/adapters/embedded/node-files.ts';
import { SystemClock } from '../../src/adapters/embedded/system-clock.ts';
import { SystemRandom } from '../../src/adapters/embedded/system-random.ts';
import { FfmpegMediaTools } from '../../src/adapters/ffmpeg/media-tools.ts';
import type { MediaTools } from '../../src/ports/media-tools.ts';
import type { StageContext } from '../../src/ports/stage-context.ts';

/** A stage's world in a folder: real tools and a real blob store. Every call is another attempt on the same store. */
export async function stageContext(folder: string, changes: Partial<StageContext> = {}): Promise<StageContext> {
  const [clock, random, files] = [new SystemClock(), new SystemRandom(), new NodeFiles()];
  const attemptId = changes.attemptId ?? random.id();
  const scratchDir = join(folder, 'scratch', attemptId);
  await mkdir(scratchDir, { recursive: true });
  const world = { root: join(folder, 'objects'), files, clock, random, owner: 'test', isOwnerDead: () => false };
  return {
    tools: changes.tools ?? (await mediaTools()),
    blobs: changes.blobs ?? (await FileBlobStore.open(world)),
    clock,
    files,
    attemptId,
    scratchDir,
    signal: new AbortController().signal,
    onFrames: () => {},
    spend: () => {},
    reclaimMemory: () => {},
    ...changes,
  };
}

let opened: Promise<MediaTools> | null = null;

/** The machine's ffmpeg, probed once. */
export function mediaTools(): Promise<MediaTools> {
  opened ??= FfmpegMediaTools.open(process.env);
  return opened;
}

/** Runs ffmpeg for a fixture. */
export async function ffmpeg(args: readonly string[]): Promise<void> {
  await (await mediaTools()).run({ tool: 'ffmpeg', args: ['-y', ...args], limits: { stallMs: 60_000, wallMs: 300_000 } });
}
