import { ScenelineError } from '../../src/model/errors.ts';
import { JOB_KINDS, type Job, type JobKind, type JobResult } from '../../src/model/job.ts';
import type { Title } from '../../src/model/title.ts';
import type { JobContext, JobHandler, JobHandlers } from '../../src/pipeline/job-handlers.ts';
import { asksFor } from '../../src/pipeline/job-ids.ts';
import { StoreDown } from './faults.ts';
import type { Master, Scenario } from './scenario.ts';
import type { SimPorts } from './sim-ports.ts';
import type { Truth } from './truth.ts';
import type { SimProcess } from './world.ts';

class ToolFailed extends Error {}
class Stopped extends Error {}

export type HandlerWorld = {
  readonly process: SimProcess;
  readonly ports: Pick<SimPorts, 'objects' | 'results' | 'readTitle' | 'readRevisions'>;
  readonly scenario: Pick<Scenario, 'poison' | 'toolFailureRate'> & { readonly masters: readonly Master[]; toolFailuresLeft: number };
  readonly truth: Pick<Truth, 'starts' | 'ended' | 'toolFailed' | 'startsEncoding' | 'excuseJob'>;
  readonly site: { show(process: SimProcess, title: Title, packageText: string): Promise<void> };
  readonly isPoisonCured: () => boolean;
  /** Added to every encode. */
  readonly slownessMs?: number;
};

export const OWNER = 'owner';

/** Where an encoded chunk of this content is found again. */
export const addressOf = (chunk: string, codec: string): string => `${chunk}.${codec}`;
export const renditionKey = (title: Title, index: number): string => `titles/${title.id}/${title.revision}/rendition-${index}`;
export const packageKey = (title: Title): string => `titles/${title.id}/${title.revision}/package`;

type Work = { readonly job: Job; readonly title: Title; readonly master: Master; readonly context: JobContext };
type Step = (work: Work) => Promise<JobResult>;

/** Handlers that take virtual time instead of CPU, with the storage rules of the real ones: attempt keys, proven addresses, create-only writes. */
export function fakeHandlers(world: HandlerWorld): JobHandlers {
  const steps: { readonly [K in JobKind]: Step } = {
    scan: async ({ master }) => {
      const refused = master.refusedBy === 'scan';
      return { refused, rangeCount: refused ? 0 : master.rangeCount, audioStreams: master.audioStreams, findings: [] };
    },
    'inspect-range': async () => ({}),
    'inspect-audio': async () => ({}),
    stitch: async ({ master }) => ({ refused: master.refusedBy === 'stitch', frameCount: 100, findings: [] }),
    plan: async ({ master }) => {
      const { codecs, textCount, renditionCount } = master;
      const longestFirst = master.chunks.map((_, index) => index).reverse();
      return { chunkCount: master.chunks.length, codecs, audioCount: master.audioStreams.length, textCount, renditionCount, longestFirst };
    },
    encode: (work) => encode(world, work),
    audio: async () => ({}),
    text: async () => ({}),
    assemble: (work) => assemble(world, work),
    package: async ({ title, master }) => {
      const renditions = await Promise.all(Array.from({ length: master.renditionCount }, (_, index) => world.ports.objects.get(renditionKey(title, index))));
      await world.ports.objects.put(packageKey(title), JSON.stringify(renditions));
      return {};
    },
    publish: (work) => publish(world, work),
  };
  return Object.fromEntries(JOB_KINDS.map((kind) => [kind, handler(world, kind, steps[kind])])) as unknown as JobHandlers;
}

function handler(world: HandlerWorld, kind: JobKind, step: Step): JobHandler {
  const { process, truth, ports } = world;
  return async (job, context) => {
    truth.starts(context.attemptId, ports.readRevisions.get(job.titleId));
    try {
      const title = await ports.readTitle(job.titleId);
      if (title === null || title.revision !== job.revision) throw new StoreDown('the title moved on');
      await workFor(world, kind === 'encode' ? 300 + (world.slownessMs ?? 0) : process.world.random.between(50, 2000), context.signal);
      breakMaybe(world, job);
      const master = world.scenario.masters.find(({ order }) => asksFor(title, order))!;
      return await step({ job, title, master, context });
    } catch (error) {
      blame(world, job, error, context.signal);
      throw error;
    } finally {
      truth.ended(context.attemptId);
    }
  };
}

/** Holds the error against the job, against nobody, or against the pipeline. */
function blame({ process, truth }: HandlerWorld, job: Job, error: unknown, signal: AbortSignal): void {
  process.world.tell(process.name, () => `${job.id} ends with: ${String(error)}`);
  if (signal.aborted || error instanceof Stopped || (error instanceof ScenelineError && error.code.startsWith('SL-1'))) return;
  if (error instanceof ToolFailed || error instanceof StoreDown) {
    truth.excuseJob(job, process);
    truth.toolFailed(job);
  } else {
    process.world.violate(`${job.id} cannot be done: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

function breakMaybe({ process, scenario, isPoisonCured }: HandlerWorld, job: Job): void {
  const { poison } = scenario;
  if (poison && poison.kind === job.kind && poison.index === job.part.index && !isPoisonCured()) throw new ToolFailed('poison');
  if (scenario.toolFailuresLeft > 0 && process.world.random.chance(scenario.toolFailureRate)) {
    scenario.toolFailuresLeft--;
    throw new ToolFailed('the tool ended with status 1');
  }
}

async function workFor({ process }: HandlerWorld, ms: number, signal: AbortSignal): Promise<void> {
  await process.sleep(ms, signal);
  if (signal.aborted) throw new Stopped();
}

async function encode(world: HandlerWorld, { job, master, context }: Work): Promise<JobResult> {
  const { process, ports, truth } = world;
  const address = addressOf(master.chunks[job.part.index], job.part.codec!);
  if (await ports.results.lookup(OWNER, address)) return { address, framesEncoded: 0, framesReused: 24 };
  truth.startsEncoding(context.attemptId, address);
  for (const frames of [12, 24]) {
    await workFor(world, process.world.random.between(200, 3000), context.signal);
    context.onFrames(frames);
  }
  const objectKey = `attempts/${context.attemptId}`;
  await ports.objects.put(objectKey, address);
  const proven = { address, objectKey, sha256: '', sizeBytes: 1, frameCount: 24, fingerprintKey: '', headerSha256: '', attemptId: context.attemptId };
  await ports.results.record(OWNER, proven);
  context.spend('encode', 1);
  return { address, framesEncoded: 24, framesReused: 0 };
}

async function assemble({ ports }: HandlerWorld, { job, title, master }: Work): Promise<JobResult> {
  const parts: string[] = [];
  for (const chunk of master.chunks) {
    for (const codec of master.codecs) {
      const found = await ports.results.lookup(OWNER, addressOf(chunk, codec));
      if (found === null) throw new Error(`${addressOf(chunk, codec)} is not proven`);
      parts.push(found.objectKey);
    }
  }
  await ports.objects.put(renditionKey(title, job.part.index), parts.join(' '));
  return {};
}

async function publish({ ports, site, process }: HandlerWorld, { title }: Work): Promise<JobResult> {
  const text = await ports.objects.get(packageKey(title));
  await site.show(process, title, text ?? '');
  return {};
}
