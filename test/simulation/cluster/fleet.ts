import { KafkaJobSource, type Member } from '../../../src/adapters/cluster/dispatch/kafka-job-source.ts';
import { ShareConsumer } from '../../../src/adapters/cluster/share-consumer/share-consumer.ts';
import { ShareError } from '../../../src/adapters/cluster/share-consumer/share-error.ts';
import { ScenelineError } from '../../../src/model/errors.ts';
import type { Title, TitleOrder } from '../../../src/model/title.ts';
import type { JobHandlers } from '../../../src/pipeline/job-handlers.ts';
import { asksFor } from '../../../src/pipeline/job-ids.ts';
import { serveJobs } from '../../../src/pipeline/serve-jobs.ts';
import { steerTitles } from '../../../src/pipeline/steer-titles.ts';
import { isLive } from '../../../src/pipeline/title-changes.ts';
import type { JobSource } from '../../../src/ports/job-dispatch.ts';
import { fakeHandlers } from '../fake-handlers.ts';
import type { World } from '../world.ts';
import type { JobTopicModel } from './broker.ts';
import { type Bench, type Equipment, equip, type PlantedClusterBug } from './equipment.ts';
import { simNetwork } from './network.ts';
import { ClusterProcess } from './trouble.ts';

const ANNOUNCE_MS = 15_000;
const LONGEST_RESTART_MS = 2000;
const BUILD = 'build';

type Run = (process: ClusterProcess, equipment: Equipment) => Promise<void>;
/** Where published titles are seen. */
type SimSite = { show(process: ClusterProcess, title: Title, packageText: string): void };

/** Control and worker processes that are started again when they end, and the people who type commands. */
export class Fleet {
  readonly #world: World;
  readonly #bench: Bench;
  readonly #site: SimSite;
  readonly #bug: PlantedClusterBug | undefined;
  readonly #processes = new Map<string, ClusterProcess>();
  #started = 0;
  #commands = 0;
  #isPoisonCured = false;
  /** What each title was last asked to be. */
  readonly orders = new Map<string, TitleOrder>();

  constructor(world: World, bench: Bench, site: SimSite, bug: PlantedClusterBug | undefined) {
    this.#world = world;
    this.#bench = bench;
    this.#site = site;
    this.#bug = bug;
  }

  processOf(name: string): ClusterProcess | undefined {
    return this.#processes.get(name);
  }

  begin(): void {
    const { scenario, broker } = this.#bench;
    broker.onAppend = (topic) => this.#checkOffers(topic);
    for (let i = 0; i < scenario.controls; i++) this.#keepUp(`control${i}`, (process, equipment) => this.#control(process, equipment));
    for (const [i, slots] of scenario.workers.entries()) this.#keepUp(`worker${i}`, (process, equipment) => this.#work(process, equipment, slots));
    const [first] = scenario.titles;
    for (const { id, master, urgency, submitAfterMs } of scenario.titles) {
      const then = (): void => (id === first.id ? this.#redeliver(id) : undefined);
      this.#command(submitAfterMs, (equipment) => this.#submit(equipment, id, { ...master.order, urgency }), then);
    }
    if (scenario.cancelAfterMs !== null) this.#command(scenario.cancelAfterMs, ({ control }) => control.cancel(first.id));
  }

  #redeliver(titleId: string): void {
    const { redeliverAfterMs, masters } = this.#bench.scenario;
    const newest = masters.at(-1);
    if (redeliverAfterMs !== null && newest) this.#command(redeliverAfterMs, (equipment) => this.#submit(equipment, titleId, newest.order));
  }

  /** Everybody has what they asked for, or knows why not. */
  isAtRest(): boolean {
    const { truth, broker } = this.#bench;
    if (this.#commands > 0 || truth.untold.size > 0) return false;
    for (const title of truth.titles.values()) {
      if (isLive(title)) return false;
      const isWanted = title.state === 'cancelled' || title.state === 'failed';
      if (isWanted && this.#retry(title)) return false;
    }
    for (const topic of broker.topics.values()) if (topic.unsettled > 0) return false;
    return true;
  }

  /**
   * Records that nobody has settled yet stay few: beyond the broker's window nothing is given out. Slots and a few more; all of it again for every control that
   * had to begin anew and for each worker that is still counted; written twice.
   */
  #checkOffers({ id, unsettled }: JobTopicModel): void {
    const { scenario, trouble } = this.#bench;
    const slots = scenario.workers.reduce((sum, count) => sum + count, 0);
    const faults = Object.values(trouble.counted).reduce((sum, count) => sum + count, 0);
    const most = ((2 * slots + 1) * (2 + this.#started - scenario.controls) + 2 * faults) * (scenario.doubling > 0 ? 2 : 1);
    if (unsettled > most) this.#world.violate(`${unsettled} records of ${id} are not settled, with ${slots} slots`);
  }

  async #control(process: ClusterProcess, equipment: Equipment): Promise<void> {
    const { titles, queue, control, dispatch, wake, workers, turn } = equipment;
    const observe = (note: { type: string; error?: unknown }): void => this.#observe(process, note);
    await steerTitles({
      owner: process.name,
      titles,
      jobs: queue,
      control,
      dispatch,
      wake,
      workers,
      turn,
      clock: process,
      signal: process.stop.signal,
      observe,
    });
  }

  /** As `runWorker` does it. */
  async #work(process: ClusterProcess, equipment: Equipment, slots: number): Promise<void> {
    const { queue, control, wake, workers, events } = equipment;
    const { broker, trouble, scenario } = this.#bench;
    const leaseMs = scenario.lockMs;
    const classes = scenario.codecs.map((codec) => `${BUILD}-${codec}-any`);
    const members: Member[] = [];
    for (const jobClass of classes) {
      const topic = broker.topic(`jobs.${jobClass}`);
      const options = { brokers: [], clientId: 'sim', options: {}, group: topic.id, topic: topic.id };
      const network = simNetwork({ process, broker, trouble, topic });
      members.push({ topic: topic.id, consumer: await ShareConsumer.open(options, () => this.#bug?.network?.(network) ?? network) });
    }
    const good = new KafkaJobSource({ worker: process.name, leaseMs, claims: queue }, members, () => this.#world.nowMs);
    const told = this.#telling(good, process);
    const source = this.#bug?.source?.(told, process) ?? told;
    const halt = new AbortController();
    const draining = process.stop.signal;
    draining.addEventListener('abort', () => void process.sleep(scenario.drainMs).then(() => halt.abort()));
    const notice = { worker: process.name, encoderBuild: BUILD, classes, slots };
    const announcing = this.#announce(process, equipment, notice);
    const handlers = this.#handlers(process, equipment);
    const observe = (note: { type: string; error?: unknown }): void => this.#observe(process, note);
    await serveJobs({ source, queue, control, wake, events, clock: process, handlers, slots, leaseMs, draining, halt: halt.signal, observe });
    await announcing;
    await workers.leave(process.name).catch(() => {});
    await good.close();
  }

  /** The observer hears when the dispatch gives a job to somebody else. */
  #telling(good: JobSource, process: ClusterProcess): JobSource {
    const { truth } = this.#bench;
    return {
      async take(...asked) {
        const lease = await good.take(...asked);
        if (lease) good.lostSignal(lease).addEventListener('abort', () => truth.mustStop(lease.attemptId, process, 'its lock is lost'));
        return lease;
      },
      lostSignal: (lease) => good.lostSignal(lease),
      settled: (lease) => good.settled(lease),
    };
  }

  async #announce(process: ClusterProcess, { workers }: Equipment, notice: Parameters<Equipment['workers']['announce']>[0]): Promise<void> {
    while (!process.stop.signal.aborted) {
      await workers.announce(notice).catch(() => {});
      await process.sleep(ANNOUNCE_MS, process.stop.signal);
    }
  }

  #handlers(process: ClusterProcess, ports: Equipment): JobHandlers {
    const { truth, scenario, trouble } = this.#bench;
    const site = {
      show: (_: unknown, title: Title, text: string) => trouble.call(process, 's3', 'show', () => this.#site.show(process, title, text)),
    };
    const handlers = fakeHandlers({ process, ports, truth, site, scenario, isPoisonCured: () => this.#isPoisonCured, slownessMs: scenario.slownessMs });
    // Whose result it is shows in the row.
    return Object.fromEntries(
      Object.entries(handlers).map(([kind, handle]) => [
        kind,
        async (...[job, context]: Parameters<typeof handle>) => ({ ...(await handle(job, context)), attempt: context.attemptId }),
      ]),
    ) as unknown as JobHandlers;
  }

  /** A supervisor that starts a process, and another one whenever it has ended. */
  #keepUp(name: string, run: Run): void {
    this.#started++;
    const isFirst = !name.includes('.');
    const again = (): void => {
      const [base, count] = name.split('.');
      this.#world.after(this.#world.random.between(100, LONGEST_RESTART_MS), () => this.#keepUp(`${base}.${Number(count ?? 0) + 1}`, run));
    };
    this.#world.after(isFirst ? this.#world.random.between(0, 2000) : 0, () => this.#start(name, run, again));
  }

  #start(name: string, run: Run, then: (isDone: boolean) => void): void {
    const { scenario, trouble } = this.#bench;
    const { random } = this.#world;
    const over = (how: string, isDone: boolean): void => {
      this.#world.tell(name, () => how);
      trouble.processes.delete(process);
      then(isDone);
    };
    const skewMs = scenario.skewMs > 0 ? random.between(-scenario.skewMs, scenario.skewMs) : 0;
    const process: ClusterProcess = new ClusterProcess(this.#world, name, () => over('is dead', false), skewMs);
    this.#processes.set(name, process);
    trouble.processes.add(process);
    this.#world.tell(name, () => `starts${skewMs === 0 ? '' : `, its clock ${skewMs} ms off`}`);
    run(process, equip(process, this.#bench, this.#bug)).then(
      () => over('ends', true),
      (error: unknown) => {
        this.#check(process, error);
        over(`throws ${String(error)}`, false);
      },
    );
  }

  /** Somebody types a command, again and again until it says that it is done. */
  #command(afterMs: number, act: (equipment: Equipment) => Promise<unknown>, then = (): void => {}): void {
    this.#commands++;
    this.#world.after(afterMs, () => {
      const { trouble } = this.#bench;
      trouble.lastTroubleMs = Math.max(trouble.lastTroubleMs, this.#world.nowMs);
      this.#start(
        `cli${this.#started++}`,
        async (_process, equipment) => void (await act(equipment)),
        (isDone) => {
          this.#commands--;
          if (isDone) then();
          else this.#command(this.#world.random.between(500, 3000), act, then);
        },
      );
    });
  }

  /** As `submitTitle` does it. */
  async #submit({ control, titles, wake }: Equipment, titleId: string, order: TitleOrder): Promise<void> {
    this.orders.set(titleId, order);
    const known = await titles.get(titleId);
    if (known === null) await control.register(titleId, order);
    else if (asksFor(known, order)) await control.replaceOrder(titleId, order);
    else await control.startRevision(titleId, order);
    await wake.ring({ titleId, jobId: null, outcome: null });
  }

  #retry(title: Title): boolean {
    const { scenario } = this.#bench;
    if (title.state === 'failed') {
      if (scenario.retriesLeft === 0) return false;
      scenario.retriesLeft--;
      this.#isPoisonCured = true;
    }
    this.#command(this.#world.random.between(0, 3000), async ({ control, wake }) => {
      await control.retry(title.id);
      await wake.ring({ titleId: title.id, jobId: null, outcome: null });
    });
    return true;
  }

  #observe(process: ClusterProcess, { type, error }: { type: string; error?: unknown }): void {
    if (type !== 'trouble') return;
    this.#world.tell(process.name, () => `has trouble: ${String(error)}`);
    this.#check(process, error);
  }

  /** Errors of servers and machines are expected; any other is a fault of ours. */
  #check(process: ClusterProcess, error: unknown): void {
    const isExpected = error instanceof ShareError || (error instanceof ScenelineError && error.code.startsWith('SL-1'));
    if (!isExpected) this.#world.violate(`${process.name}: ${error instanceof Error ? error.stack : String(error)}`);
  }
}
