import { basename } from 'node:path';
import type { Command } from 'commander';
import { ScenelineError } from '../../../model/errors.ts';
import type { Sidecar, SidecarWish } from '../../../model/sidecar.ts';
import type { SourceSeal } from '../../../model/source.ts';
import type { Title } from '../../../model/title.ts';
import { sealSource } from '../../../stages/ingest/seal.ts';
import { sealSidecar } from '../../../stages/ingest/seal-sidecar.ts';
import { DEFAULT_LADDER } from '../../../stages/plan/ladder/default-ladder.ts';
import type { ClusterConfig } from '../../cluster/config.ts';
import { parseListen } from '../../cluster/metrics/serve-metrics.ts';
import type { Cluster } from '../../cluster/open-cluster.ts';
import { ensureMediaTools } from '../../doctor/ensure-media-tools.ts';
import type { Invocation } from '../invocation.ts';
import { type CommonOptions, clusterConfigPath, parseCount, withLoudness } from '../options.ts';
import { readLadder } from '../read-ladder.ts';
import { printable, printableJson, say } from '../terminal.ts';

const POLL_MS = 1000;
const LEAVE_WITHIN_MS = 2000;
const TITLE_ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
const URGENCY = { low: -1, normal: 0, urgent: 1 } as const;

const METRICS = ['--metrics <ADDRESS>', 'serve Prometheus metrics at PORT (this machine only) or HOST:PORT'] as const;

export function controlCommand(command: Command, invocation: Invocation): void {
  command.option(...METRICS).action((options: CommonOptions & { metrics?: string }) => {
    const metricsAt = options.metrics === undefined ? null : parseListen(options.metrics);
    return withCluster(options, invocation, 'control', async (cluster) => {
      const { runControl } = await import('../../cluster/run-control.ts');
      await runControl({ cluster, metricsAt, signal: invocation.signal });
    });
  });
}

export function workerCommand(command: Command, invocation: Invocation): void {
  command
    .option('--slots <N>', 'jobs at once (default: one per core)')
    .option('--drain <SECONDS>', 'how long running jobs may take after SIGTERM before they are handed back', '60')
    .option(...METRICS)
    .action(async (options: CommonOptions & { slots?: string; drain: string; metrics?: string }) => {
      const metricsAt = options.metrics === undefined ? null : parseListen(options.metrics);
      const slots = options.slots === undefined ? null : parseCount('--slots', options.slots, 1024);
      const drainMs = parseCount('--drain', options.drain, 86_400) * 1000;
      const tools = await ensureMediaTools(invocation.env, say);
      await withCluster(options, invocation, 'worker', async (cluster) => {
        const { runWorker } = await import('../../cluster/run-worker.ts');
        await runWorker({ cluster, tools, slots, drainMs, metricsAt, signal: invocation.signal });
      });
    });
}

type SubmitOptions = CommonOptions & {
  readonly title?: string;
  readonly ladder?: string;
  readonly urgency: string;
  readonly wait?: boolean;
  readonly normalise?: string | boolean;
  readonly subtitles?: readonly SidecarWish[];
  readonly strict?: boolean;
};

export function submitCommand(command: Command, invocation: Invocation): void {
  command
    .argument('<SOURCE>', 'master video file, or s3://BUCKET/KEY')
    .option('--title <ID>', 'id of the title: a to z, 0 to 9 and - (default: the name of the file)')
    .option('--ladder <FILE>', 'ladder to make, as JSON (schema: schemas/ladder.schema.json)')
    .option('--urgency <HOW>', 'low, normal or urgent; urgent titles overtake', 'normal')
    .option('--wait', 'stay until the title has ended')
    .action((source: string, options: SubmitOptions) =>
      withCluster(options, invocation, 'submit', async (cluster) => {
        const titleId = options.title ?? idOf(source);
        if (!TITLE_ID.test(titleId)) throw new ScenelineError('SL-101', `${printable(titleId)} is no title id: a to z, 0 to 9 and -, 64 at most.`);
        const ladder = withLoudness(options.ladder === undefined ? DEFAULT_LADDER : readLadder(options.ladder), options.normalise);
        const urgency = urgencyOf(options.urgency);
        const sidecars: Sidecar[] = [];
        for (const wish of options.subtitles ?? []) sidecars.push(await sealSidecar(wish, cluster.blobs));
        const seal = await sealForCluster(cluster, source, invocation.signal);
        const { submitTitle } = await import('../../cluster/titles.ts');
        const title = await submitTitle(cluster, { titleId, seal, ladder, sidecars, isStrict: options.strict, urgency });
        const ended = options.wait ? await waitForEnd(cluster, title, invocation.signal) : title;
        printTitle(ended, options);
        if (ended.state === 'refused') invocation.setStatus(3);
        if (ended.state === 'failed') invocation.setStatus(4);
      }),
    );
}

export function fetchCommand(command: Command, invocation: Invocation): void {
  command
    .argument('<TITLE>', 'id as `sceneline titles` shows it')
    .requiredOption('--out <DIR>', 'folder for the finished title; made in one step at the end')
    .action((titleId: string, options: CommonOptions & { out: string }) =>
      withCluster(options, invocation, 'fetch', async (cluster) => {
        const title = await cluster.titles.get(titleId);
        if (title === null) throw new ScenelineError('SL-108', `There is no title ${printable(titleId)}.`);
        const { fetchTitle } = await import('../../cluster/fetch-title.ts');
        await fetchTitle(cluster, title, options.out, invocation.signal);
        process.stdout.write(options.json ? `${printableJson({ title: titleId, out: options.out })}\n` : `${titleId} is in ${printable(options.out)}\n`);
      }),
    );
}

/** Opens the cluster that the configuration names, and leaves it again. The libraries are loaded only here: other commands start without them. */
export async function withCluster(options: CommonOptions, invocation: Invocation, role: string, work: (cluster: Cluster) => Promise<void>): Promise<void> {
  const config = await clusterConfig(options, invocation);
  const { openCluster } = await import('../../cluster/open-cluster.ts');
  const cluster = await openCluster(config, role);
  try {
    await work(cluster);
  } finally {
    await cluster.close();
    leaveSoon();
  }
}

/** After an outage the Cassandra driver (4.10.0) may keep a connection that none of its own parts knows any more: it must not keep this process. */
function leaveSoon(): void {
  setTimeout(() => process.exit(), LEAVE_WITHIN_MS).unref();
}

/** The configuration that an option or the environment names. Throws SL-101 without one, SL-112 when it is not valid. */
export async function clusterConfig(options: CommonOptions, invocation: Invocation): Promise<ClusterConfig> {
  const path = clusterConfigPath(options, invocation.env);
  if (path === null) throw new ScenelineError('SL-101', 'Say where the cluster is: --config FILE or SCENELINE_CONFIG.');
  const { readClusterConfig } = await import('../../cluster/config.ts');
  return readClusterConfig(path, invocation.env);
}

async function sealForCluster(cluster: Cluster, source: string, signal: AbortSignal): Promise<SourceSeal> {
  const { sealS3Source, uploadSource } = await import('../../../adapters/cluster/s3/seal-sources.ts');
  if (source.startsWith('s3://')) return sealS3Source(cluster.bucket, source, () => {}, signal);
  say('Sealing and storing the source …');
  return uploadSource(cluster.bucket, await sealSource(source, () => {}, signal));
}

async function waitForEnd(cluster: Cluster, title: Title, signal: AbortSignal): Promise<Title> {
  const { isLive } = await import('../../../pipeline/title-changes.ts');
  let said = '';
  let last = title;
  while (!signal.aborted) {
    last = (await cluster.titles.get(title.id)) ?? last;
    if (!isLive(last)) return last;
    if (last.state !== said) say(`${title.id}: ${last.state}`);
    said = last.state;
    await cluster.clock.sleep(POLL_MS, signal);
  }
  throw new ScenelineError('SL-130', 'Waiting was stopped; the title goes on.');
}

function printTitle(title: Title, options: CommonOptions): void {
  const findings = title.findings.map((finding) => `  ${finding.code} ${printable(finding.message)}\n`).join('');
  process.stdout.write(options.json ? `${printableJson({ title })}\n` : `${title.id} is ${title.state}\n${findings}`);
}

function idOf(source: string): string {
  const name = basename(source).replace(/\.[^.]*$/, '');
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
}

function urgencyOf(text: string): number {
  if (!Object.hasOwn(URGENCY, text)) throw new ScenelineError('SL-101', `--urgency takes low, normal or urgent, not "${text}".`);
  return URGENCY[text as keyof typeof URGENCY];
}
