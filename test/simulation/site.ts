import type { Title } from '../../src/model/title.ts';
import { asksFor } from '../../src/pipeline/job-ids.ts';
import { addressOf } from './fake-handlers.ts';
import type { Gate } from './faults.ts';
import type { Scenario } from './scenario.ts';
import type { Truth } from './truth.ts';
import type { SimProcess, World } from './world.ts';

/** Where published titles are seen: one atomic step shows a package whole. */
export class Site {
  readonly #world: World;
  readonly #gate: Gate;
  readonly #truth: Truth;
  readonly #scenario: Scenario;
  /** Package text per title and revision, as first shown. */
  readonly #shown = new Map<string, string>();

  constructor(world: World, gate: Gate, truth: Truth, scenario: Scenario) {
    this.#world = world;
    this.#gate = gate;
    this.#truth = truth;
    this.#scenario = scenario;
  }

  async show(process: SimProcess, title: Title, packageText: string): Promise<void> {
    await this.#gate.pass(process, 'site.show', 'write', async () => {
      const key = `${title.id}/${title.revision}`;
      const earlier = this.#shown.get(key);
      if (packageText !== this.#expected(title)) this.#world.violate(`${key} is published half: ${packageText}`);
      if (earlier !== undefined && earlier !== packageText) this.#world.violate(`${key} is published twice, differently`);
      this.#shown.set(key, packageText);
    });
  }

  /** For the row that says so. */
  check(title: Title): void {
    if (title.state === 'published' && !this.#shown.has(`${title.id}/${title.revision}`)) this.#world.violate(`${title.id} says published and is not there`);
  }

  #expected(title: Title): string {
    const master = this.#scenario.masters.find(({ order }) => asksFor(title, order))!;
    const parts = master.chunks.flatMap((chunk) => master.codecs.map((codec) => this.#truth.proven.get(addressOf(chunk, codec))));
    return JSON.stringify(Array.from({ length: master.renditionCount }, () => parts.join(' ')));
  }
}
