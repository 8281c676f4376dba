import { ScenelineError } from '../../model/errors.ts';
import type { Title } from '../../model/title.ts';
import { type PublishedRecord, publishedKey } from '../../pipeline/handlers/deliver.ts';
import { readJson } from '../../pipeline/handlers/deps.ts';
import { reclaimMemory } from '../../pipeline/reclaim-memory.ts';
import type { MediaTools } from '../../ports/media-tools.ts';
import type { StageContext } from '../../ports/stage-context.ts';
import { realPlace } from '../../stages/publish/out-folder.ts';
import { publishTitle } from '../../stages/publish/publish-title.ts';
import type { Cluster } from './open-cluster.ts';

/** Brings a published title into a folder, made visible in one step; every object is held to its SHA-256 on the way. Throws SL-114 when it is not published. */
export async function fetchTitle(cluster: Cluster, title: Title, outDir: string, signal: AbortSignal): Promise<void> {
  if (title.state !== 'published') throw new ScenelineError('SL-114', `${title.id} is ${title.state}.`);
  const record = await readJson<PublishedRecord>(cluster, publishedKey(title));
  const { blobs, clock, files, scratchRoot, random } = cluster;
  const attempt = { attemptId: random.id(), scratchDir: scratchRoot, signal, onFrames: () => {}, spend: () => {}, reclaimMemory };
  const ctx: StageContext = { blobs, clock, files, tools: NO_TOOLS, ...attempt };
  await publishTitle({ outDir: await realPlace(outDir), ...record }, ctx);
}

const NO_TOOLS: MediaTools = {
  get abilities(): never {
    throw new RangeError('fetching needs no media tools');
  },
  run() {
    throw new RangeError('fetching needs no media tools');
  },
};
