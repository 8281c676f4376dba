import { readFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Crew, Member } from '../../test/cluster/crew.ts';
import { setCable } from './network.ts';
import { type Site, SMALL_DISK_WORKER } from './site.ts';

export type Fault = {
  readonly what: string;
  /** Processes of ours that it kills. */
  readonly kills: number;
  /** Jobs that it may make fail in the eyes of a living worker. */
  readonly failures?: number;
  /** Brings it about when its moment has come, and resolves when everything is there again. */
  readonly happen: (site: Site) => Promise<void>;
};

const LINK_CUT_MS = 30_000;
/** How long nothing may be done without a quorum, to call it stopped. */
const STOPPED_MS = 10_000;
const UPLOAD_CUT_BYTES = 100_000;

export const FAULTS: readonly Fault[] = [
  { what: 'kill -9 of a worker that inspects', kills: 1, happen: (site) => killAtWork(site, 'inspect-range') },
  { what: 'kill -9 of the control that has the turn', kills: 1, happen: killControl },
  { what: 'kill -9 of a worker that encodes', kills: 1, happen: (site) => killAtWork(site, 'encode') },
  { what: 'kill -9 of an encoder (ffmpeg)', kills: 0, failures: 1, happen: killEncoder },
  {
    what: 'kill -9 of the broker in mid-job, restarted',
    kills: 0,
    happen: ({ crew, place }) =>
      bounce(
        crew,
        () => place.kafka.kill(),
        () => place.kafka.restart(),
      ),
  },
  { what: 'kill -9 of S3 in mid-job, restarted', kills: 0, happen: loseS3 },
  { what: 'S3 refuses every connection', kills: 0, happen: refuseS3 },
  { what: 'S3 cut in mid-upload', kills: 0, happen: cutUpload },
  { what: 'one of three database nodes dead', kills: 0, happen: oneNodeDead },
  { what: 'two of three database nodes dead: stops, and goes on when they are back', kills: 0, happen: twoNodesDead },
  { what: 'a worker frozen past its lock and woken', kills: 0, happen: freeze },
  { what: `a worker's link cut for ${LINK_CUT_MS / 1000} s`, kills: 0, happen: cutLink },
  { what: "a worker's disk full", kills: 0, happen: fillDisk },
  { what: 'kill -9 of all workers at once', kills: 4, happen: killAllWorkers },
];

async function encoding(crew: Crew): Promise<{ member: Member; job: string }> {
  return crew.until('an encode job runs', () => crew.atWork('encode'));
}

async function killAtWork(site: Site, kind: string): Promise<void> {
  const { member } = await site.crew.until(`a job of kind ${kind} runs`, () => site.crew.atWork(kind));
  await killAndReplace(site, [member]);
}

async function killControl(site: Site): Promise<void> {
  const { crew } = site;
  const member = await crew.until('a control has the turn', () => crew.controls.find(({ hasTurn }) => hasTurn));
  member.signal('SIGKILL');
  await member.end;
  await crew.until('the other control has the turn', () => crew.controls.some(({ hasTurn }) => hasTurn));
  site.startMember(member.label);
  await crew.allThere();
}

async function killAllWorkers(site: Site): Promise<void> {
  await encoding(site.crew);
  await killAndReplace(site, site.crew.workers);
}

async function killAndReplace(site: Site, members: readonly Member[]): Promise<void> {
  for (const member of members) member.signal('SIGKILL');
  for (const member of members) {
    await member.end;
    site.startMember(member.label);
  }
  await site.crew.allThere();
}

async function killEncoder({ crew }: Site): Promise<void> {
  for (;;) {
    const { member } = await encoding(crew);
    const pid = childrenOf(member.child.pid!).find((child) => commandOf(child).includes('libx264'));
    if (pid !== undefined) return void process.kill(pid, 'SIGKILL');
    await sleep(20);
  }
}

async function bounce(crew: Crew, down: () => Promise<void>, up: () => Promise<void>): Promise<void> {
  await encoding(crew);
  await down();
  await up();
}

async function loseS3({ crew, place }: Site): Promise<void> {
  await encoding(crew);
  const hasTrouble = troubleOf(crew.workers);
  await place.s3.kill();
  await crew.until('a worker has trouble', hasTrouble);
  await place.s3.restart();
}

async function refuseS3({ crew, wireToS3 }: Site): Promise<void> {
  await encoding(crew);
  const hasTrouble = troubleOf(crew.workers);
  wireToS3.refuse();
  await crew.until('a worker has trouble', hasTrouble);
  wireToS3.welcome();
}

async function cutUpload({ crew, wireToS3 }: Site): Promise<void> {
  await encoding(crew);
  await wireToS3.cutAfter(UPLOAD_CUT_BYTES);
}

async function oneNodeDead({ crew, place }: Site): Promise<void> {
  await encoding(crew);
  await place.cassandra.nodes[2].kill();
  await crew.goesOn('with two of three database nodes', 2);
  await place.cassandra.nodes[2].start();
}

async function twoNodesDead({ crew, place }: Site): Promise<void> {
  const [, second, third] = place.cassandra.nodes;
  await encoding(crew);
  await Promise.all([second.kill(), third.kill()]);
  const before = crew.proven.length;
  await sleep(STOPPED_MS);
  if (crew.proven.length > before) throw new Error('jobs were settled without a quorum of the database');
  await second.start();
  await third.start();
}

async function freeze({ crew }: Site): Promise<void> {
  const outcome = await crew.freezePastLock();
  if (outcome !== 'lost') throw new Error(`what the woken worker brought is ${outcome}`);
}

async function cutLink(site: Site): Promise<void> {
  const { member } = await encoding(site.crew);
  const station = site.station(member.label);
  await setCable(station, 'down');
  await sleep(LINK_CUT_MS);
  await setCable(station, 'up');
  const mark = member.lines.length;
  await site.crew.until(`${member.label} works again`, () => member.said('job started', mark));
}

async function fillDisk({ crew, smallDisk }: Site): Promise<void> {
  const ballast = join(smallDisk, 'ballast');
  const { member } = await crew.until(`${SMALL_DISK_WORKER} encodes`, () => {
    const member = crew.workers.find(({ label }) => label === SMALL_DISK_WORKER);
    return member && [...member.running].some((job) => job.split('/')[2] === 'encode') ? { member } : null;
  });
  const from = member.lines.length;
  await writeUntilFull(ballast);
  await crew.until('the worker says that its disk is full', () => member.lines.slice(from).find(({ code }) => code === 'SL-110'));
  await rm(ballast);
  const mark = member.lines.length;
  await crew.until('it works again', () => member.said('job started', mark));
}

async function writeUntilFull(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const block of [Buffer.alloc(1 << 20), Buffer.alloc(4096)]) for (;;) if (!(await file.write(block).catch(() => null))) break;
  } finally {
    await file.close();
  }
}

/** A question: has one of these had trouble since now? */
function troubleOf(members: readonly Member[]): () => boolean {
  const marks = members.map((member) => ({ member, from: member.lines.length }));
  return () => marks.some(({ member, from }) => member.said('trouble', from) !== undefined);
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
