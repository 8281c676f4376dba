import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Ladder } from '../../src/model/ladder.ts';
import { freePort } from '../services/free-port.ts';
import { TcpProxy } from '../services/tcp-proxy.ts';
import { type SmallFilm, smallFilm } from '../support/small-film.ts';
import { ClusterPlace, clusterMissing } from './cluster-place.ts';
import { Crew, type Member } from './crew.ts';
import { framesLost, Load, provenTwice, type TitleOutcome } from './load.ts';

const FILM_SECONDS = 240;
const FILM_CHUNKS = 18;
const WORKERS = 3;
/** Work ahead of every fault, so that each meets jobs in flight. */
const CHUNKS_AHEAD = 6;
const CLUSTER = 'proxied';

/** One small rung: what is tried here is not the encoder. */
const ladderOf =
  (preset: string) =>
  (crf: number): Ladder => ({
    audioKbpsPerChannel: 64,
    rungs: [{ name: '180p', container: 'mp4', codec: 'h264', boxPx: 180, crf, maxrateKbps: 2000, bufsizeKbit: 4000, preset }],
  });

describe('a cluster to which everything happens', { skip: clusterMissing() ?? false, timeout: 1_800_000 }, () => {
  let place: ClusterPlace;
  let film: SmallFilm;
  let wires: { readonly kafka: TcpProxy; readonly cassandra: TcpProxy; readonly s3: TcpProxy };

  before(async () => {
    const kafkaPort = await freePort();
    const started = ClusterPlace.start({ kafka: { second: { protocol: 'PLAINTEXT', announcedPort: kafkaPort } } });
    [place, film] = await Promise.all([started, smallFilm({ seconds: FILM_SECONDS, isColourful: true })]);
    wires = {
      kafka: await TcpProxy.start(kafkaPort, () => place.kafka.secondAddress),
      cassandra: await TcpProxy.start(await freePort(), () => place.cassandra.contactPoints[0]),
      s3: await TcpProxy.start(await freePort(), () => `127.0.0.1:${place.s3.port}`),
    };
    await place.configure(CLUSTER, {
      brokers: [`127.0.0.1:${wires.kafka.port}`],
      contactPoints: [`127.0.0.1:${wires.cassandra.port}`],
      endpoint: `http://127.0.0.1:${wires.s3.port}`,
    });
  });
  after(async () => {
    await place?.stop();
    await Promise.all(Object.values(wires ?? {}).map((wire) => wire.stop()));
    await film?.remove();
  });

  function loadOf(name: string, preset: string): Load {
    const films = [{ path: film.path, leastChunks: FILM_CHUNKS }];
    return new Load({ name, place, films, ladder: ladderOf(preset), run: (args) => place.run(args) });
  }

  const start = (crew: Crew, role: 'control' | 'worker', label: string, ...more: readonly string[]): Member =>
    crew.add(role, label, place.start(role === 'worker' ? [role, '--slots', '1', ...more] : [role], CLUSTER));

  /** SIGTERM to everybody; each ends well. */
  async function dismiss(crew: Crew): Promise<void> {
    const alive = [...crew.workers, ...crew.controls];
    for (const member of alive) member.signal('SIGTERM');
    for (const member of alive) assert.equal((await member.end).code, 0, `${member.label}: ${(await member.end).stderr.slice(-2000)}`);
  }

  it('publishes the same bytes, and encodes nothing again that was proven', async (test) => {
    const crew = new Crew();
    const load = loadOf('chaos', 'veryfast');
    for (const label of ['control-1', 'control-2']) start(crew, 'control', label);
    for (let i = 1; i <= WORKERS; i++) start(crew, 'worker', `worker-${i}`);
    await crew.allThere();
    await load.submit();
    await load.submit();
    const faults: readonly [what: string, () => Promise<void>][] = [
      ['the control with the turn is killed', () => killControl(crew)],
      ['a worker is killed in mid-job', () => killWorker(crew)],
      [
        'the broker is killed in mid-job',
        () =>
          restart(
            crew,
            () => place.kafka.kill(),
            () => place.kafka.restart(),
          ),
      ],
      ['S3 is killed in mid-job', () => loseS3(crew)],
      [
        'Cassandra is killed in mid-job',
        () =>
          restart(
            crew,
            () => place.cassandra.nodes[0].kill(),
            () => place.cassandra.nodes[0].start(),
          ),
      ],
      ['a worker is frozen past its lock and woken', async () => assert.equal(await crew.freezePastLock(), 'lost', 'its late result is refused')],
      ['an upload is cut', () => cutUpload(crew)],
      ['every network is slow, then cut', () => slowThenCut(crew)],
      ['the network to Kafka swallows everything', () => swallow(crew)],
    ];
    const startedMs: number[] = [];
    for (const [what, fault] of faults) {
      while (load.leastChunks - crew.proven.length < CHUNKS_AHEAD) await load.submit();
      startedMs.push(Date.now());
      await fault();
      await crew.goesOn(what);
    }
    const outcomes = await load.finish(true);
    await dismiss(crew);
    for (const [i, [what]] of faults.entries()) tellLoss(test, what, outcomes, startedMs[i], startedMs[i + 1] ?? Number.POSITIVE_INFINITY);
    for (const outcome of outcomes) checkOutcome(outcome);
  });

  async function killControl(crew: Crew): Promise<void> {
    const member = await crew.until(
      'a control has the turn while a job runs',
      () => crew.workers.some(({ running }) => running.size > 0) && crew.controls.find(({ hasTurn }) => hasTurn),
    );
    member.signal('SIGKILL');
    await crew.until('the other control has the turn', () => crew.controls.some(({ hasTurn }) => hasTurn));
    start(crew, 'control', 'control-3');
  }

  async function killWorker(crew: Crew): Promise<void> {
    const { member } = await crew.until('an encode job runs', () => crew.atWork('encode'));
    member.signal('SIGKILL');
    start(crew, 'worker', `${member.label}-again`);
  }

  async function restart(crew: Crew, down: () => Promise<void>, up: () => Promise<void>): Promise<void> {
    await crew.until('an encode job runs', () => crew.atWork('encode'));
    await down();
    await up();
  }

  async function loseS3(crew: Crew): Promise<void> {
    const marks = await atWorkWithMarks(crew);
    await place.s3.kill();
    await crew.until('a worker has trouble', () => marks.some(({ member, from }) => member.said('trouble', from)));
    await place.s3.restart();
  }

  async function cutUpload(crew: Crew): Promise<void> {
    await crew.until('an encode job runs', () => crew.atWork('encode'));
    await wires.s3.cutAfter(20_000);
  }

  async function slowThenCut(crew: Crew): Promise<void> {
    const all = Object.values(wires);
    for (const wire of all) wire.delay(100);
    await crew.goesOn('slow networks');
    for (const wire of all) wire.delay(0);
    await crew.until('an encode job runs', () => crew.atWork('encode'));
    for (const wire of all) wire.cut();
  }

  async function swallow(crew: Crew): Promise<void> {
    const marks = await atWorkWithMarks(crew);
    wires.kafka.silence();
    await crew.until('a worker has trouble with Kafka', () => marks.some(({ member, from }) => member.said('trouble with Kafka', from)));
    wires.kafka.cut();
    wires.kafka.speak();
  }

  it('drains on SIGTERM, hands back what takes too long, and all workers can be replaced under load', async (test) => {
    const crew = new Crew();
    const load = loadOf('drain', 'slower');
    start(crew, 'control', 'control');
    const patient = start(crew, 'worker', 'patient');
    await crew.allThere();
    await load.submit();
    const { job } = await crew.until('an encode job runs', () => crew.atWork('encode'));
    await leaves(patient);
    assert.deepEqual(crew.proven, [job], 'the job at hand is finished, no other is begun');

    const hasty = start(crew, 'worker', 'hasty', '--drain', '1');
    const { job: handedBack } = await crew.until('an encode job runs', () => crew.atWork('encode'));
    await leaves(hasty);
    assert.equal(hasty.lines.find((line) => line.message === 'job ended' && line.job === handedBack)?.outcome, 'released');

    for (const generation of [1, 2, 3]) {
      const old = crew.workers;
      const fresh = [1, 2].map((i) => start(crew, 'worker', `worker-${generation}-${i}`));
      await crew.allThere();
      await Promise.all(old.map(leaves));
      await crew.until('the new ones work', () => fresh.every((member) => member.running.size > 0));
    }
    const [outcome] = await load.finish(false);
    await dismiss(crew);
    checkOutcome(outcome);
    const unfinished = outcome.attempts.filter((attempt) => attempt.outcome !== 'done');
    test.diagnostic(`not done: ${unfinished.map((attempt) => `${attempt.jobId} ${attempt.outcome}`).join(', ')}`);
    assert.deepEqual(
      unfinished.map((attempt) => [attempt.jobId, attempt.outcome]),
      [[handedBack, 'released']],
    );
  });
});

/** Everybody who is there, and how much they had said when an encode job ran. */
async function atWorkWithMarks(crew: Crew): Promise<{ member: Member; from: number }[]> {
  await crew.until('an encode job runs', () => crew.atWork('encode'));
  return crew.workers.map((member) => ({ member, from: member.lines.length }));
}

async function leaves(member: Member): Promise<void> {
  member.signal('SIGTERM');
  const { code, signal, stderr } = await member.end;
  assert.deepEqual([code, signal], [0, null], `${member.label}: ${stderr.slice(-2000)}`);
  assert.ok(member.said('draining') && member.said('worker left'), stderr.slice(-2000));
}

function checkOutcome(outcome: TitleOutcome): void {
  const { id, report, attempts, differingFiles } = outcome;
  assert.ok(report.chunks.length >= FILM_CHUNKS);
  assert.deepEqual(differingFiles, [], `${id}: the bytes are those of the run on one machine`);
  assert.deepEqual(provenTwice(outcome), [], `${id}: nothing proven is encoded again`);
  const failed = attempts.filter((attempt) => attempt.outcome === 'failed');
  assert.deepEqual(
    failed.map(({ jobId, evidence }) => [jobId, evidence]),
    [],
    `${id}: what happens to processes and servers is no failure of a job`,
  );
}

function tellLoss(test: TestContext, what: string, outcomes: readonly TitleOutcome[], fromMs: number, toMs: number): void {
  const isMeant = ({ endedMs }: { endedMs: number | null }) => endedMs !== null && endedMs >= fromMs && endedMs < toMs;
  const frames = outcomes.reduce((sum, outcome) => sum + framesLost(outcome, isMeant), 0);
  const count = outcomes.reduce((sum, { attempts }) => sum + attempts.filter((attempt) => attempt.outcome !== 'done' && isMeant(attempt)).length, 0);
  test.diagnostic(`${what}: ${count} attempts came to nothing, ${frames} frames at most`);
}
