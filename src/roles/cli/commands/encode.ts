import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ScenelineError } from '../../../model/errors.ts';
import type { Report } from '../../../model/report.ts';
import type { Sidecar, SidecarWish } from '../../../model/sidecar.ts';
import type { Title } from '../../../model/title.ts';
import { reclaimMemory } from '../../../pipeline/reclaim-memory.ts';
import type { MediaTools } from '../../../ports/media-tools.ts';
import { sightSource } from '../../../stages/ingest/seal.ts';
import { sealSidecar } from '../../../stages/ingest/seal-sidecar.ts';
import { DEFAULT_LADDER } from '../../../stages/plan/ladder/default-ladder.ts';
import { requireEncoders } from '../../../stages/plan/ladder/require-encoders.ts';
import { checkApart } from '../../../stages/publish/out-folder.ts';
import { defaultWorkers, openLaptop } from '../../all-in-one.ts';
import { ensureMediaTools } from '../../doctor/ensure-media-tools.ts';
import { type EncodeRequest, encodeTitle } from '../../encode-title.ts';
import { finishedTitle } from '../../finished-title.ts';
import type { Invocation } from '../invocation.ts';
import { type CommonOptions, parseWorkers, stateFolder, withLoudness } from '../options.ts';
import { ProgressView } from '../progress.ts';
import { readLadder } from '../read-ladder.ts';
import { describeEnd, summary } from '../summary.ts';
import { printableJson, printableLines, say } from '../terminal.ts';
import { TitleTracker } from '../title-tracker.ts';

export type EncodeOptions = CommonOptions & {
  readonly out: string;
  readonly ladder?: string;
  readonly subtitles?: readonly SidecarWish[];
  readonly normalise?: string | boolean;
  readonly strict?: boolean;
  readonly workers?: string;
};

/** Largest picture that the number of workers is sized for before the source is known. */
const ASSUMED_PIXELS = 3840 * 2160;

export function encodeCommand(command: Command, invocation: Invocation): void {
  command
    .argument('<SOURCE>', 'master video file')
    .requiredOption('--out <DIR>', 'folder for the finished title; made in one step at the end')
    .action(async (source: string, options: EncodeOptions) => {
      await runEncode(source, options, invocation, process.stdout);
    });
}

/** The whole of `encode`: sets the exit status and prints the result. Returns the report of a finished title. */
export async function runEncode(source: string, options: EncodeOptions, invocation: Invocation, out: NodeJS.WritableStream): Promise<Report | null> {
  await sightSource(source);
  const stateDir = stateFolder(options, invocation.env);
  await checkApart({ outDir: options.out, sourcePaths: [source, ...(options.subtitles ?? []).map(({ path }) => path)], stateDir });
  const ladder = withLoudness(options.ladder ? readLadder(options.ladder) : DEFAULT_LADDER, options.normalise);
  const workers = options.workers ? parseWorkers(options.workers) : defaultWorkers(ASSUMED_PIXELS);
  const tools: MediaTools = await ensureMediaTools(invocation.env, say);
  requireEncoders(ladder, tools.abilities.encoders);
  const laptop = await openLaptop(stateDir);
  try {
    const sidecars: Sidecar[] = [];
    for (const wish of options.subtitles ?? []) sidecars.push(await sealSidecar(wish, laptop.blobs));
    const order = { sourcePath: source, outDir: options.out, ladder, sidecars, isStrict: options.strict };
    return await makeTitle({ laptop, tools, ...order, workers, options, invocation, say, out });
  } finally {
    laptop.close();
  }
}

type TitleWork = Pick<EncodeRequest, 'laptop' | 'tools' | 'sourcePath' | 'outDir' | 'ladder' | 'sidecars' | 'isStrict' | 'workers' | 'say'> & {
  readonly options: CommonOptions;
  readonly invocation: Invocation;
  readonly out: NodeJS.WritableStream;
};

/** Brings a title to its end under a progress view and prints how it ended. */
async function makeTitle(work: TitleWork): Promise<Report | null> {
  const { invocation } = work;
  const tracker = new TitleTracker(work.laptop);
  const view = new ProgressView(process.stderr, () => tracker.snapshot());
  view.start();
  const end = await encodeTitle({
    ...work,
    signal: invocation.signal,
    onSealed: (bytes, ofBytes) => tracker.sealed(bytes, ofBytes),
    observe: (note) => tracker.note(note),
  }).finally(() => view.stop());
  return printEnd(work, end);
}

/** `retry`: goes on with a title that failed or was cancelled. A source or tool that changed since is noticed as by `encode`. */
export async function runRetry(titleId: string, options: Omit<EncodeOptions, 'out'>, invocation: Invocation): Promise<void> {
  const workers = options.workers ? parseWorkers(options.workers) : defaultWorkers(ASSUMED_PIXELS);
  const tools = await ensureMediaTools(invocation.env, say);
  const laptop = await openLaptop(stateFolder(options, invocation.env));
  try {
    const title = await laptop.control.retry(titleId);
    if (title === null) throw new ScenelineError('SL-108', `There is no title ${titleId}.`);
    const { seal, outDir, ladder, sidecars = [], isStrict } = title.order;
    if (outDir === null) throw new ScenelineError('SL-101', `${titleId} is a title of a cluster: give --config.`);
    await checkApart({ outDir, sourcePaths: [seal.path], stateDir: laptop.stateDir });
    requireEncoders(ladder, tools.abilities.encoders);
    const order = { sourcePath: seal.path, outDir, ladder, sidecars, isStrict };
    await makeTitle({ laptop, tools, ...order, workers, options, invocation, say, out: process.stdout });
  } finally {
    laptop.close();
  }
}

async function printEnd({ laptop, outDir, options, invocation, out }: TitleWork, end: { title: Title; wasFinished: boolean }): Promise<Report | null> {
  const { title } = end;
  if (title.state === 'published') {
    const dir = resolve(outDir);
    reclaimMemory();
    const report = await finishedTitle(dir, title, reclaimMemory);
    if (report === null) throw new ScenelineError('SL-905', `The title was published, but ${dir} does not hold it.`);
    out.write(options.json ? `${printableJson(report)}\n` : `${summary(report, dir, end.wasFinished)}\n`);
    return report;
  }
  if (invocation.signal.aborted) throw new ScenelineError('SL-130', 'The run was stopped.');
  const said = await describeEnd(title, laptop);
  invocation.setStatus(said.exitStatus);
  process.stderr.write(`${printableLines(said.lines)}\n`);
  if (options.json) out.write(`${printableJson(said.document)}\n`);
  return null;
}
