import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { localWorkerName } from '../adapters/embedded/local-workers.ts';
import { ScenelineError } from '../model/errors.ts';
import type { Ladder } from '../model/ladder.ts';
import type { Sidecar } from '../model/sidecar.ts';
import { looksUnchanged } from '../model/source.ts';
import type { Title, TitleOrder } from '../model/title.ts';
import { createHandlers } from '../pipeline/handlers/index.ts';
import { asksFor } from '../pipeline/job-ids.ts';
import { type RunNote, runTitle } from '../pipeline/worker.ts';
import type { MediaTools } from '../ports/media-tools.ts';
import { sealSource, sightSource } from '../stages/ingest/seal.ts';
import { checkOutFolder, firstToMake, onOutFolder, realPlace, tryOutFolder } from '../stages/publish/out-folder.ts';
import type { Laptop } from './all-in-one.ts';
import { finishedTitle } from './finished-title.ts';

/** A lease outlives a pause of the machine's attention; a dead worker's is taken back at once, whatever is left of it. */
const LEASE_MS = 15_000;

export type EncodeRequest = {
  readonly laptop: Laptop;
  readonly tools: MediaTools;
  readonly sourcePath: string;
  readonly outDir: string;
  readonly ladder: Ladder;
  readonly sidecars?: readonly Sidecar[];
  readonly isStrict?: boolean;
  readonly workers: number;
  readonly signal: AbortSignal;
  /** One sentence for the operator. */
  readonly say: (sentence: string) => void;
  readonly onSealed: (bytes: number, ofBytes: number) => void;
  readonly observe: (note: RunNote) => void;
};

/** A title is the film that one output folder shows: its id is a name people recognise and a hash of the folder's path, in which no links are left. */
function titleIdFor(sourcePath: string, outDir: string): string {
  const hash = createHash('sha256').update(outDir).digest('hex').slice(0, 8);
  const name = basename(outDir)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${
    name ||
    basename(sourcePath)
      .replace(/[^a-z0-9]+/gi, '')
      .toLowerCase() ||
    'title'
  }-${hash}`;
}

/** Brings a source to a finished title in `outDir`, going on from whatever earlier runs left. Returns the title at its end. */
export async function encodeTitle(request: EncodeRequest): Promise<{ title: Title; wasFinished: boolean }> {
  const { laptop } = request;
  const outDir = await realPlace(request.outDir);
  await onOutFolder(outDir, () => firstToMake(outDir));
  await checkOutFolder(outDir);
  await tryOutFolder(outDir);
  const titleId = titleIdFor(request.sourcePath, outDir);
  for (;;) {
    const known = await laptop.titles.get(titleId);
    const order = await orderFor(request, outDir, known);
    const title = await placeOrder(request, titleId, known, order);
    if (title.state === 'published') {
      if (known && (await finishedTitle(outDir, title))) return { title, wasFinished: true };
      request.say('The published files are gone or changed: making them again from what is stored.');
      await laptop.control.startRevision(titleId, order);
    }
    try {
      return { title: await drive(request, titleId), wasFinished: false };
    } catch (error) {
      if (!(error instanceof ScenelineError && error.code === 'SL-111')) throw error;
      request.say('The source changed while it was read. Sealing and planning it anew; what is still valid is reused.');
    }
  }
}

/** Works on a registered title until it ends. */
function drive(request: EncodeRequest, titleId: string): Promise<Title> {
  const { laptop, tools, workers, signal, observe } = request;
  const { control, queue, clock } = laptop;
  const handlers = createHandlers({ ...laptop, tools });
  return runTitle({ titleId, worker: localWorkerName(0), concurrency: workers, leaseMs: LEASE_MS, control, queue, clock, handlers, signal, observe });
}

async function orderFor(request: EncodeRequest, outDir: string, known: Title | null): Promise<TitleOrder> {
  const sight = await sightSource(request.sourcePath);
  const reusable = known !== null && looksUnchanged(sight, known.order.seal);
  const seal = reusable ? known.order.seal : await sealSource(request.sourcePath, (bytes) => request.onSealed(bytes, sight.sizeBytes), request.signal);
  const { ladder, sidecars = [], isStrict = false, tools } = request;
  return { seal, ladder, ...(sidecars.length > 0 ? { sidecars } : {}), ...(isStrict ? { isStrict } : {}), encoderBuild: tools.abilities.buildId, outDir };
}

async function placeOrder(request: EncodeRequest, titleId: string, known: Title | null, order: TitleOrder): Promise<Title> {
  const { control } = request.laptop;
  if (known === null) return control.register(titleId, order);
  if (asksFor(known, order)) return (await control.replaceOrder(titleId, order)) ?? known;
  request.say(`${whatChanged(known.order, order)} changed since the last run: planned anew; what is still valid is reused.`);
  return (await control.startRevision(titleId, order)) ?? known;
}

function whatChanged(before: TitleOrder, now: TitleOrder): string {
  const parts: string[] = [];
  if (before.seal.sha256 !== now.seal.sha256) parts.push('The source');
  if (JSON.stringify(before.ladder) !== JSON.stringify(now.ladder)) parts.push('the ladder');
  if (JSON.stringify(before.sidecars ?? []) !== JSON.stringify(now.sidecars ?? [])) parts.push('the subtitles');
  if ((before.isStrict ?? false) !== (now.isStrict ?? false)) parts.push('what is done about damage');
  if (before.encoderBuild !== now.encoderBuild) parts.push('the encoder build');
  const text = parts.join(' and ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
