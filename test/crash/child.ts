/**
 * One `encode` in a process of its own that can kill itself before or after any effect on the world. Started by the crash tests with a JSON order in
 * `SCENELINE_CRASH_ORDER`; effects are written to the trace file as they happen, so that a run without a kill lists all places to kill at.
 */
import { appendFileSync } from 'node:fs';
import { NodeFiles } from '../../src/adapters/embedded/node-files.ts';
import { FfmpegMediaTools } from '../../src/adapters/ffmpeg/media-tools.ts';
import type { Ladder } from '../../src/model/ladder.ts';
import type { Files } from '../../src/ports/files.ts';
import type { Lease } from '../../src/ports/job-queue.ts';
import type { MediaTools } from '../../src/ports/media-tools.ts';
import { type Laptop, openLaptop } from '../../src/roles/all-in-one.ts';
import { encodeTitle } from '../../src/roles/encode-title.ts';
import { ForgetfulFiles } from '../support/forgetful-files.ts';

export type CrashOrder = {
  readonly stateDir: string;
  readonly sourcePath: string;
  readonly outDir: string;
  readonly ladder: Ladder;
  readonly workers: number;
  /** Effects are appended here, one name a line. */
  readonly tracePath: string;
  /** `name/occurrence/before` or `name/occurrence/after`; null runs to the end. */
  readonly crashAt: string | null;
  /** With a journal, only what was synced survives: see ForgetfulFiles. */
  readonly journal: { readonly root: string; readonly path: string } | null;
  /** How long a media process may be silent, instead of what the stages allow. */
  readonly silenceMs: number | null;
};

/** Ports whose every call counts as an effect; reads are left out. */
const EFFECTS: { readonly [port: string]: readonly string[] } = {
  titles: ['create', 'update', 'settleEvents'],
  queue: ['enqueue', 'claim', 'renew', 'complete', 'fail', 'release', 'drop', 'revive'],
  results: ['record', 'revoke'],
  events: ['append'],
  blobs: ['put', 'putFile', 'delete'],
  files: ['syncFile', 'syncFolder', 'rename', 'link', 'mkdir', 'remove'],
};

/** Settling a job is an effect of its own for every kind of job. */
function effectName(port: string, method: string, args: readonly unknown[]): string {
  const name = `${port}.${method}`;
  return name === 'queue.complete' ? `${name}:${(args[0] as Lease).job.kind}` : name;
}

/** The same tools with less patience. */
function impatient(tools: MediaTools, silenceMs: number | null): MediaTools {
  if (silenceMs === null) return tools;
  const run: MediaTools['run'] = (command) => tools.run({ ...command, limits: { ...command.limits, stallMs: silenceMs } });
  return { abilities: tools.abilities, run };
}

function withCrashes<T extends object>(port: string, target: T, order: CrashOrder, seen: Map<string, number>): T {
  const reach = (name: string, when: 'before' | 'after', occurrence: number) => {
    if (order.crashAt === `${name}/${occurrence}/${when}`) process.kill(process.pid, 'SIGKILL');
  };
  return new Proxy(target, {
    get(object, property) {
      const value = Reflect.get(object, property);
      if (typeof value !== 'function') return value;
      if (!EFFECTS[port].includes(String(property))) return value.bind(object);
      return async (...args: unknown[]) => {
        const name = effectName(port, String(property), args);
        const occurrence = (seen.get(name) ?? 0) + 1;
        seen.set(name, occurrence);
        appendFileSync(order.tracePath, `${name}\n`);
        reach(name, 'before', occurrence);
        const result = await value.apply(object, args);
        reach(name, 'after', occurrence);
        return result;
      };
    },
  });
}

async function run(order: CrashOrder): Promise<void> {
  const seen = new Map<string, number>();
  const real: Files = order.journal ? await ForgetfulFiles.join(order.journal.root, order.journal.path) : new NodeFiles();
  const files = withCrashes('files', real, order, seen);
  const wrap = (ports: { titles: Laptop['titles']; queue: Laptop['queue']; results: Laptop['results']; events: Laptop['events']; blobs: Laptop['blobs'] }) => ({
    titles: withCrashes('titles', ports.titles, order, seen),
    queue: withCrashes('queue', ports.queue, order, seen),
    results: withCrashes('results', ports.results, order, seen),
    events: withCrashes('events', ports.events, order, seen),
    blobs: withCrashes('blobs', ports.blobs, order, seen),
  });
  const laptop = await openLaptop(order.stateDir, { files, wrap });
  const tools = impatient(await FfmpegMediaTools.open(process.env), order.silenceMs);
  const { title } = await encodeTitle({
    laptop,
    tools,
    sourcePath: order.sourcePath,
    outDir: order.outDir,
    ladder: order.ladder,
    workers: order.workers,
    signal: new AbortController().signal,
    say: () => {},
    onSealed: () => {},
    observe: () => {},
  });
  laptop.close();
  process.stdout.write(`${title.state}\n`);
  process.exitCode = title.state === 'published' ? 0 : 4;
}

await run(JSON.parse(process.env.SCENELINE_CRASH_ORDER ?? 'null'));
