import { openDatabase } from '../../src/adapters/embedded/database.ts';
import { SystemClock } from '../../src/adapters/embedded/system-clock.ts';
import type { Title } from '../../src/model/title.ts';
import { type Control, createControl } from '../../src/pipeline/control.ts';
import type { decide } from '../../src/pipeline/decide.ts';
import { asksFor } from '../../src/pipeline/job-ids.ts';
import { isLive } from '../../src/pipeline/title-changes.ts';
import { runTitle } from '../../src/pipeline/worker.ts';
import { fakeHandlers } from './fake-handlers.ts';
import { type Fault, Gate, isInjected } from './faults.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import { type Objects, realStores, type SimPorts, type Stores, simPorts } from './sim-ports.ts';
import { Site } from './site.ts';
import { Truth } from './truth.ts';
import { SimProcess, World } from './world.ts';

/** A fault planted in the product, to show that the simulation notices. */
export type PlantedBug = {
  readonly name: string;
  /** Faulty stores, below the place where faults strike. */
  readonly stores?: (real: Stores, bench: Bench) => Stores;
  /** Faulty use of the stores, above it. */
  readonly ports?: (good: SimPorts, bench: Bench) => SimPorts;
  readonly decide?: typeof decide;
  readonly control?: (good: Control) => Control;
};

export type Bench = { readonly sql: (text: string, ...values: (string | number | null)[]) => readonly { [column: string]: unknown }[] };

export type SimulationEnd = {
  /** Null: every promise was kept. */
  readonly violation: string | null;
  readonly story: readonly string[];
  readonly states: readonly string[];
  readonly faults: { readonly [F in Fault]?: number };
  readonly zombiesRefused: number;
  /** Encodes started, and different results they made. */
  readonly encodes: number;
  readonly addresses: number;
  readonly virtualSeconds: number;
};

export type SimulationOptions = { readonly bug?: PlantedBug; readonly tell?: boolean; readonly adjust?: (scenario: Scenario) => Scenario };

/** From the last trouble on, a title must come to an end within this time; one run without trouble takes two minutes at most. */
const PATIENCE_MS = 15 * 60_000;

/** One run of the pipeline on a virtual clock; the seed decides everything in it. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationEnd> {
  const story: string[] = [];
  const world = new World(seed, options.tell ? story : null);
  const scenario = options.adjust ? options.adjust(drawScenario(world.random)) : drawScenario(world.random);
  const db = await openDatabase(':memory:', new SystemClock());
  const truth = new Truth(world, db);
  const gate = new Gate(world, scenario.faults, (process) => truth.excuse((attempt) => attempt.process === process));
  const site = new Site(world, gate, truth, scenario);
  const bench: Bench = { sql: (text, ...values) => db.sql(text).all(...values) };
  const objects: Objects = new Map();
  const startedMs = world.nowMs;
  const operators = new Operators(world, scenario, gate, (process) => {
    const real = realStores(db, process, scenario.deathsAreSeen, gate.processes);
    const ports = simPorts(process, options.bug?.stores?.(real, bench) ?? real, objects, gate, truth);
    return { ports: options.bug?.ports?.(ports, bench) ?? ports, truth, site, bug: options.bug };
  });
  world.tell('scenario', () => JSON.stringify(scenario));
  try {
    operators.begin();
    await world.run(() => {
      for (const title of truth.titles.values()) site.check(title);
      if (world.nowMs > gate.lastTroubleMs + PATIENCE_MS) world.violate('it does not come to an end');
      return operators.haveGoneHome();
    });
    if (world.violation === null) truth.checkEnd();
    for (const title of truth.titles.values()) operators.checkOrder(title);
  } finally {
    db.close();
  }
  const { violation } = world;
  const states = [...truth.titles.values()].map(({ state }) => state);
  const virtualSeconds = (world.nowMs - startedMs) / 1000;
  return {
    violation,
    story,
    states,
    faults: gate.counted,
    zombiesRefused: truth.zombiesRefused,
    encodes: truth.encodes,
    addresses: truth.proven.size,
    virtualSeconds,
  };
}

type Equipment = { readonly ports: SimPorts; readonly truth: Truth; readonly site: Site; readonly bug: PlantedBug | undefined };

/** The people who type commands: `encode` again and again until it says finished, `cancel` now and then, and a new master once. */
class Operators {
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #gate: Gate;
  readonly #equip: (process: SimProcess) => Equipment;
  #atWork = 0;
  #count = 0;
  #isPoisonCured = false;
  #delivered = 0;

  constructor(world: World, scenario: Scenario, gate: Gate, equip: (process: SimProcess) => Equipment) {
    this.#world = world;
    this.#scenario = scenario;
    this.#gate = gate;
    this.#equip = equip;
  }

  begin(): void {
    const { titleIds, terminals, cancelsAfterMs, redeliveriesAfterMs } = this.#scenario;
    for (const titleId of titleIds) {
      for (let i = 0; i < terminals; i++) this.#later(i * this.#world.random.between(0, 10_000), () => this.#typeEncode(titleId));
    }
    for (const ms of cancelsAfterMs) this.#later(ms, () => this.#typeCancel(titleIds[0]));
    for (const ms of redeliveriesAfterMs) {
      this.#later(ms, () => {
        this.#delivered = 1 - this.#delivered;
        this.#typeEncode(titleIds[0]);
      });
    }
  }

  haveGoneHome(): boolean {
    return this.#atWork === 0;
  }

  checkOrder(title: Title): void {
    if (this.#world.violation === null && !asksFor(title, this.#order())) this.#world.violate(`${title.id} was not made from the newest master`);
  }

  #order() {
    return this.#scenario.masters[this.#delivered].order;
  }

  /** Somebody is busy until `act` has run and what it started is over. */
  #later(ms: number, act: () => void): void {
    this.#atWork++;
    this.#world.after(ms, () => {
      this.#gate.trouble();
      act();
      this.#atWork--;
    });
  }

  #typeEncode(titleId: string): void {
    this.#run(
      `encode${this.#count++}`,
      (process, equipment) => this.#encode(process, equipment, titleId),
      (title) => {
        const isOver = title !== null && !isLive(title) && asksFor(title, this.#order()) && !this.#wantsRetry(title);
        if (!isOver) this.#later(this.#world.random.between(0, this.#scenario.impatienceMs), () => this.#typeEncode(titleId));
      },
    );
  }

  #typeCancel(titleId: string): void {
    this.#run(
      `cancel${this.#count++}`,
      async (_process, { control }) => control.cancel(titleId),
      () => {},
    );
  }

  #wantsRetry(title: Title): boolean {
    return title.state === 'cancelled' || (title.state === 'failed' && this.#scenario.retriesLeft > 0);
  }

  /** What the command line does for `encode`. */
  async #encode(process: SimProcess, { control, ...equipment }: Equipment & { control: Control }, titleId: string): Promise<Title> {
    const { ports, truth, site } = equipment;
    const title = await control.register(titleId, this.#order());
    if (!asksFor(title, this.#order())) await control.startRevision(titleId, this.#order());
    else if (this.#wantsRetry(title)) {
      if (title.state === 'failed') this.#scenario.retriesLeft--;
      this.#isPoisonCured ||= this.#scenario.poisonIsCurable;
      await control.retry(titleId);
    }
    const { concurrency, leaseMs } = this.#scenario;
    const handlers = fakeHandlers({ process, ports, truth, site, scenario: this.#scenario, isPoisonCured: () => this.#isPoisonCured });
    return runTitle({
      titleId,
      worker: process.name,
      concurrency,
      leaseMs,
      control,
      queue: ports.queue,
      clock: process,
      handlers,
      signal: process.stop.signal,
    });
  }

  /** Starts a process; `then` is told what it returned, or null when it threw or died. */
  #run(
    name: string,
    main: (process: SimProcess, equipment: Equipment & { control: Control }) => Promise<Title | null>,
    then: (title: Title | null) => void,
  ): void {
    const process = new SimProcess(this.#world, name, () => over('is dead', null));
    const over = (how: string, title: Title | null): void => {
      this.#world.tell(name, () => how);
      this.#gate.processes.delete(process);
      then(title);
      this.#atWork--;
    };
    this.#atWork++;
    this.#gate.processes.add(process);
    this.#world.tell(name, () => 'starts');
    const equipment = this.#equip(process);
    const { titles, queue, events } = equipment.ports;
    const good = createControl({ titles, queue, events, clock: process, window: this.#scenario.window, decide: equipment.bug?.decide });
    const control = equipment.bug?.control?.(good) ?? good;
    main(process, { ...equipment, control }).then(
      (title) => over(`returns ${title?.state}`, title),
      (error: unknown) => {
        if (!isInjected(error)) this.#world.violate(`${name} throws ${error instanceof Error ? error.stack : String(error)}`);
        over(`throws ${String(error)}`, null);
      },
    );
  }
}
