import type { Title } from '../../../src/model/title.ts';
import { asksFor } from '../../../src/pipeline/job-ids.ts';
import { addressOf } from '../fake-handlers.ts';
import { World } from '../world.ts';
import { SimBroker } from './broker.ts';
import { type ClusterScenario, drawClusterScenario } from './cluster-scenario.ts';
import { ClusterTruth } from './cluster-truth.ts';
import type { Bench, PlantedClusterBug } from './equipment.ts';
import { FakeCassandra } from './fake-cassandra.ts';
import { Fleet } from './fleet.ts';
import { Tables } from './tables.ts';
import { type ClusterFault, Trouble } from './trouble.ts';

export type ClusterEnd = {
  /** Null: every promise was kept. */
  readonly violation: string | null;
  readonly story: readonly string[];
  readonly states: readonly string[];
  readonly faults: { readonly [F in ClusterFault]?: number };
  readonly counted: ClusterTruth['counted'];
  readonly virtualSeconds: number;
};

export type ClusterOptions = { readonly bug?: PlantedClusterBug; readonly tell?: boolean; readonly adjust?: (scenario: ClusterScenario) => ClusterScenario };

/** From the last trouble on, everything must come to rest within this time. */
const PATIENCE_MS = 12 * 60_000;
/** Enough for a title whose every step has to wait for the same step of another. */
const EVENTS_MAX = 400_000;

/** One run of a cluster on a virtual clock; the seed decides everything in it. */
export async function simulateCluster(seed: number, options: ClusterOptions = {}): Promise<ClusterEnd> {
  const story: string[] = [];
  const world = new World(seed, options.tell ? story : null);
  const drawn = drawClusterScenario(world.random);
  const scenario = options.adjust ? options.adjust(drawn) : drawn;
  const tables = new Tables(() => world.nowMs);
  const broker = new SimBroker(world, scenario.lockMs);
  const objects = new Map<string, string>();
  const trouble = new Trouble(world, scenario.trouble, (process) => truth.excuseAll(process));
  trouble.broker = broker;
  const truth: ClusterTruth = new ClusterTruth(world, { tables, broker, objects }, (name) => fleet.processOf(name));
  const bench: Bench = { cassandra: new FakeCassandra(tables, world), broker, objects, trouble, truth, scenario };
  const site = new ShownTitles(world, truth, scenario);
  const fleet = new Fleet(world, bench, site, options.bug);
  const room = 2 * scenario.workers.reduce((sum, slots) => sum + slots, 0) + 1;
  truth.patience = () => (Object.keys(trouble.counted).length === 0 && scenario.noteLoss === 0 ? room + scenario.titles.length : null);
  world.tell('scenario', () => JSON.stringify(scenario));
  const startedMs = world.nowMs;
  let events = 0;
  fleet.begin();
  await world.run(() => {
    if (world.nowMs > trouble.lastTroubleMs + PATIENCE_MS + 20 * scenario.slownessMs || events++ > EVENTS_MAX) world.violate('it does not come to rest');
    return fleet.isAtRest();
  });
  if (world.violation === null) truth.checkEnd();
  for (const title of truth.titles.values()) site.check(title, fleet);
  const virtualSeconds = (world.nowMs - startedMs) / 1000;
  const states = [...truth.titles.values()].map(({ state }) => state);
  return { violation: world.violation, story, states, faults: trouble.counted, counted: truth.counted, virtualSeconds };
}

/** Where published titles are seen: one atomic step shows a package whole. */
class ShownTitles {
  readonly #world: World;
  readonly #truth: ClusterTruth;
  readonly #scenario: ClusterScenario;
  /** Package text per title and revision, as first shown. */
  readonly #shown = new Map<string, string>();

  constructor(world: World, truth: ClusterTruth, scenario: ClusterScenario) {
    this.#world = world;
    this.#truth = truth;
    this.#scenario = scenario;
  }

  show(_process: unknown, title: Title, packageText: string): void {
    const key = `${title.id}/${title.revision}`;
    const earlier = this.#shown.get(key);
    if (packageText !== this.#expected(title)) this.#world.violate(`${key} is published half: ${packageText}`);
    if (earlier !== undefined && earlier !== packageText) this.#world.violate(`${key} is published twice, differently`);
    this.#shown.set(key, packageText);
  }

  check(title: Title, { orders }: Pick<Fleet, 'orders'>): void {
    if (title.state === 'published' && !this.#shown.has(`${title.id}/${title.revision}`)) this.#world.violate(`${title.id} says published and is not there`);
    const order = orders.get(title.id);
    if (order && !asksFor(title, order)) this.#world.violate(`${title.id} was not made from the newest master`);
  }

  #expected(title: Title): string {
    const master = this.#scenario.masters.find(({ order }) => asksFor(title, order))!;
    const parts = master.chunks.flatMap((chunk) => master.codecs.map((codec) => this.#truth.proven.get(addressOf(chunk, codec))));
    return JSON.stringify(Array.from({ length: master.renditionCount }, () => parts.join(' ')));
  }
}
