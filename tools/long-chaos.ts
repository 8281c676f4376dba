/**
 * A cluster in network namespaces, to which everything happens that may happen to one: see `tools/chaos/faults.ts`. Needs Linux, root and iproute2. Leaves its
 * result in bench/chaos and nothing else, also after Ctrl-C.
 *
 * The process that is started makes the namespaces and removes them; a second one, in the hub's namespace, does the rest.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../src/adapters/ffmpeg/find-tools.ts';
import { guardCommand, probeGuard } from '../src/adapters/ffmpeg/process-guard.ts';
import type { Ladder } from '../src/model/ladder.ts';
import { clusterMissing } from '../test/cluster/cluster-place.ts';
import { Load, type LoadFilm } from '../test/cluster/load.ts';
import { mediaPath } from '../test/support/media.ts';
import { smallFilm } from '../test/support/small-film.ts';
import { FAULTS } from './chaos/faults.ts';
import { layNetwork, planNetwork, removeNetwork } from './chaos/network.ts';
import { chaosReport, type FaultTimes, writeChaosReport } from './chaos/report.ts';
import { Site, STATION_LABELS } from './chaos/site.ts';

const INSIDE = 'SCENELINE_CHAOS_NETWORK';
const RESULT = join(import.meta.dirname, '../bench/chaos');
/** Work ahead of every fault, so that each meets jobs in flight. */
const CHUNKS_AHEAD = 8;
const SYNTHESISED_SECONDS = 480;

const ladder = (crf: number): Ladder => ({
  audioKbpsPerChannel: 64,
  rungs: [240, 144].map((boxPx) => ({
    name: `${boxPx}p`,
    container: 'mp4' as const,
    codec: 'h264' as const,
    boxPx,
    crf,
    maxrateKbps: 2000,
    bufsizeKbit: 4000,
    preset: 'veryfast',
  })),
});

const inside = process.env[INSIDE];
process.exitCode = inside === undefined ? await outside() : await attack(inside);

/** Makes the network, runs this script inside and clears everything away. */
async function outside(): Promise<number> {
  const missing = whatIsMissing();
  if (missing !== null) {
    process.stderr.write(`${missing}\n`);
    return 2;
  }
  const id = process.pid.toString(36);
  const folder = await mkdtemp(join(tmpdir(), 'sceneline-chaos-'));
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  try {
    await layNetwork(id, STATION_LABELS);
    return await runInside(id, folder, stop.signal);
  } finally {
    await removeNetwork(id, STATION_LABELS);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function whatIsMissing(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'Network namespaces need Linux and root.';
  for (const [program, debianPackage] of [
    ['ip', 'iproute2'],
    ['mount', 'mount'],
    ['setpriv', 'util-linux'],
  ]) {
    if (!findProgram(program, process.env)) return `${program} not found in PATH (Debian: apt-get install ${debianPackage})`;
  }
  return clusterMissing();
}

async function runInside(id: string, folder: string, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  const command = ['ip', 'netns', 'exec', planNetwork(id, []).hub, process.execPath, '--disable-warning=ExperimentalWarning', import.meta.filename];
  const { program, args } = guardCommand(probeGuard(process.env), process.pid, [], command);
  const child = spawn(program, args, { env: { ...process.env, [INSIDE]: id, TMPDIR: folder }, stdio: 'inherit' });
  signal.addEventListener('abort', () => child.kill('SIGKILL'));
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 130)));
}

/** In the hub: the cluster, the films, one fault after the other, and the report. */
async function attack(id: string): Promise<number> {
  const startMs = Date.now();
  const films = await filmsToMake();
  say('starting the servers');
  const site = await Site.start(id);
  try {
    const load = new Load({ name: 'title', place: site.place, films, ladder, run: (args) => site.place.run(args) });
    const times: FaultTimes[] = [];
    for (const film of films) say(`${await load.submit()}: ${film.path}`);
    for (const fault of FAULTS) {
      while (load.leastChunks - site.crew.proven.length < CHUNKS_AHEAD) say(`one more: ${await load.submit()}`);
      say(fault.what);
      times.push(await happened(site, fault));
    }
    say('waiting for the titles, and making them again on this machine alone');
    const outcomes = await load.finish(true);
    const report = chaosReport(times, outcomes, { startMs, endMs: Date.now(), workers: site.crew.workers.length });
    await writeChaosReport(RESULT, report);
    for (const problem of report.problems) say(`WRONG: ${problem}`);
    say(`${times.length} faults, ${outcomes.length} titles; ${RESULT}`);
    return report.problems.length === 0 ? 0 : 1;
  } finally {
    await site.stop();
  }
}

async function happened(site: Site, fault: (typeof FAULTS)[number]): Promise<FaultTimes> {
  const startMs = Date.now();
  await fault.happen(site);
  const mendedMs = Date.now();
  await site.crew.goesOn(fault.what);
  const onMs = Date.now();
  say(`  all back after ${(mendedMs - startMs) / 1000} s, a chunk proven ${(onMs - mendedMs) / 1000} s later`);
  return { fault, startMs, mendedMs, onMs };
}

/** Real films where there are some. */
async function filmsToMake(): Promise<LoadFilm[]> {
  const real = [
    { name: 'real/bbb-360s-to-420s-720p24.mp4', leastChunks: 3 },
    { name: 'real/elephants-dream-0s-to-72s-360p24-2audio.mp4', leastChunks: 3 },
    // Last: while it is inspected, the first fault comes.
    { name: 'real/bbb-full-596s-252p24.mp4', leastChunks: 25 },
  ].flatMap(({ name, leastChunks }) => {
    const path = mediaPath(name);
    return path === null ? [] : [{ path, leastChunks }];
  });
  if (real.length > 0) return real;
  const film = await smallFilm({ seconds: SYNTHESISED_SECONDS, isColourful: true });
  return [{ path: film.path, leastChunks: SYNTHESISED_SECONDS / 20 }];
}

function say(text: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}
