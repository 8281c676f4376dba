import { ScenelineError } from '../../src/model/errors.ts';
import { never, type SimProcess, type World } from './world.ts';

export const FAULTS = ['kill', 'killAll', 'freeze', 'interrupt', 'storeError', 'cutOff', 'diskFull'] as const;
export type Fault = (typeof FAULTS)[number];

/** Thrown by a store that is made to fail. */
export class StoreDown extends Error {}

export type FaultPlan = {
  readonly kinds: readonly Fault[];
  /** Chance of a fault before and again after each effect. */
  readonly rate: number;
  /** Faults that may still happen; then it stays calm. */
  budget: number;
};

/** True for errors that the gate throws; any other is a fault of the pipeline or of its stores. */
export function isInjected(error: unknown): boolean {
  return error instanceof StoreDown || (error instanceof ScenelineError && error.code === 'SL-110');
}

/** Called with every process that a fault may cost work. */
export type OnFault = (process: SimProcess, fault: Fault) => void;

/**
 * Every effect on the world goes through here: it takes a little virtual time, and a fault may strike before it or after it took hold.
 * After an effect, an error means that the caller does not know what happened.
 */
export class Gate {
  readonly #world: World;
  readonly #plan: FaultPlan;
  readonly #onFault: OnFault;
  readonly counted: { [F in Fault]?: number } = {};
  readonly processes = new Set<SimProcess>();
  #diskFullUntilMs = 0;
  lastTroubleMs: number;

  constructor(world: World, plan: FaultPlan, onFault: OnFault) {
    this.#world = world;
    this.#plan = plan;
    this.#onFault = onFault;
    this.lastTroubleMs = world.nowMs;
  }

  async pass<T>(process: SimProcess, name: string, kind: 'read' | 'write', effect: () => Promise<T>): Promise<T> {
    await process.sleep(1 + this.#world.random.between(0, 9));
    await this.#strike(process, `before ${name}`, kind);
    const value = await effect();
    await this.#strike(process, `after ${name}`, kind);
    return value;
  }

  kill(process: SimProcess): void {
    if (!process.isAlive) return;
    process.kill();
    this.#hit(process, 'kill');
  }

  trouble(): void {
    this.lastTroubleMs = this.#world.nowMs;
  }

  async #strike(process: SimProcess, where: string, kind: 'read' | 'write'): Promise<void> {
    const plan = this.#plan;
    const { random } = this.#world;
    if (plan.budget > 0 && random.chance(plan.rate)) {
      plan.budget--;
      this.#apply(random.pick(plan.kinds), process, where);
    }
    if (!process.isAlive) return never();
    if (process.frozenUntilMs > this.#world.nowMs) await process.sleep(0);
    this.#refuse(process, where, kind);
  }

  #apply(fault: Fault, process: SimProcess, where: string): void {
    const { random, nowMs } = this.#world;
    this.counted[fault] = (this.counted[fault] ?? 0) + 1;
    this.#world.tell(process.name, () => `${fault} ${where}`);
    switch (fault) {
      case 'kill':
        this.kill(process);
        return;
      case 'killAll':
        for (const each of [...this.processes]) this.kill(each);
        return;
      case 'freeze':
        process.frozenUntilMs = nowMs + random.between(500, 20_000);
        break;
      case 'interrupt':
        process.interrupt();
        break;
      case 'storeError':
        process.cutOffUntilMs = nowMs;
        break;
      case 'cutOff':
        process.cutOffUntilMs = nowMs + random.between(100, 8000);
        break;
      case 'diskFull':
        this.#diskFullUntilMs = nowMs + random.between(100, 10_000);
        break;
    }
    this.#hit(process, fault);
  }

  /** Throws while a fault lasts. */
  #refuse(process: SimProcess, where: string, kind: 'read' | 'write'): void {
    const { nowMs } = this.#world;
    if (process.cutOffUntilMs >= nowMs) {
      this.#hit(process, 'cutOff');
      throw new StoreDown(`no answer ${where}`);
    }
    if (kind === 'write' && this.#diskFullUntilMs > nowMs) {
      this.#hit(process, 'diskFull');
      throw new ScenelineError('SL-110', `No room ${where}.`);
    }
  }

  #hit(process: SimProcess, fault: Fault): void {
    this.trouble();
    this.#onFault(process, fault);
  }
}
