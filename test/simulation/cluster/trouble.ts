import { errors, types } from 'cassandra-driver';
import { ScenelineError } from '../../../src/model/errors.ts';
import { never, SimProcess, type World } from '../world.ts';

export const SERVERS = ['kafka', 'cassandra', 's3'] as const;
export type Server = (typeof SERVERS)[number];

/**
 * What may happen between any two effects. `kill`: the kernel closes the sockets; `powerOff`: nobody does. `fail`: a call fails, before or after it took hold.
 * `limbo`: a write fails and takes hold later, or never. `partition`: a process and one server do not hear each other. `lose`: a request or its reply goes
 * missing. `forget`: the broker forgets a session, an epoch or a member.
 * `archive`: it gives a record up, as after too many deliveries.
 */
export const CLUSTER_FAULTS = [
  'kill',
  'powerOff',
  'killAll',
  'freeze',
  'terminate',
  'fail',
  'limbo',
  'partition',
  'cutLink',
  'lose',
  'forget',
  'restartBroker',
  'archive',
  'diskFull',
] as const;
export type ClusterFault = (typeof CLUSTER_FAULTS)[number];

/** What a fault means for the call at hand. */
export type Mishap = 'fail' | 'limbo' | 'lose' | null;

export type TroublePlan = {
  readonly kinds: readonly ClusterFault[];
  /** Chance of a fault before and again after each effect. */
  readonly rate: number;
  /** Faults that may still happen; then it stays calm. */
  budget: number;
};

/** The broker as faults see it. */
export type Restartable = { restart(downMs: number): void; forget(process: ClusterProcess): void; archive(): string | null };
type Link = { cut(): void; abandon(lingerMs: number): void };

/** After a fault is over, its consequences for work that starts later: a lock whose renewal was lost, a half-made claim. */
const AFTERMATH_MS = 15_000;

export class ClusterProcess extends SimProcess {
  readonly links = new Set<Link>();
  readonly cutOffFrom: { [S in Server]?: number } = {};
  diskFullUntilMs = 0;
  troubledUntilMs = 0;

  isCutOff(server: Server): boolean {
    return (this.cutOffFrom[server] ?? 0) > this.world.nowMs;
  }

  /** What it does now may be lost without a fault of the pipeline. */
  isTroubled(): boolean {
    return this.world.nowMs < this.troubledUntilMs + AFTERMATH_MS;
  }
}

/** Every call of a server goes through here: it takes a little virtual time, and a fault may strike before it or after it took hold. */
export class Trouble {
  readonly #world: World;
  readonly #plan: TroublePlan;
  readonly #onFault: (process: ClusterProcess) => void;
  readonly counted: { [F in ClusterFault]?: number } = {};
  readonly processes = new Set<ClusterProcess>();
  broker: Restartable | null = null;
  lastTroubleMs: number;

  constructor(world: World, plan: TroublePlan, onFault: (process: ClusterProcess) => void) {
    this.#world = world;
    this.#plan = plan;
    this.#onFault = onFault;
    this.lastTroubleMs = world.nowMs;
  }

  /** Milliseconds that a message is under way. */
  delayMs(): number {
    const { random } = this.#world;
    return this.#plan.budget > 0 && random.chance(0.02) ? random.between(50, 800) : random.between(1, 6);
  }

  /**
   * One call. `later`: how the effect takes hold after the caller was told that it failed. Throws what the server's client would throw; the outcome is then unknown.
   */
  async call<T>(process: ClusterProcess, server: Server, name: string, effect: () => T, later?: (effect: () => T) => void): Promise<T> {
    await this.#travel(process);
    const before = this.strike(process, `before ${name}`);
    if (!process.isAlive) return never();
    if (process.frozenUntilMs > this.#world.nowMs) await process.sleep(0);
    if (process.isCutOff(server)) throw this.#noAnswer(process, server, name);
    if (before === 'limbo' && later) later(effect);
    if (before !== null) throw this.#noAnswer(process, server, name);
    const value = effect();
    const after = this.strike(process, `after ${name}`);
    if (!process.isAlive) return never();
    if (process.frozenUntilMs > this.#world.nowMs) await process.sleep(0);
    if (after !== null || process.isCutOff(server)) throw this.#noAnswer(process, server, name);
    return value;
  }

  /** Lets a fault strike, perhaps. `weight`: of the chance. */
  strike(process: ClusterProcess, where: string, weight = 1): Mishap {
    const plan = this.#plan;
    const { random } = this.#world;
    if (plan.budget <= 0 || !random.chance(plan.rate * weight)) return null;
    plan.budget--;
    const fault = random.pick(plan.kinds);
    this.counted[fault] = (this.counted[fault] ?? 0) + 1;
    this.#world.tell(process.name, () => `${fault} ${where}`);
    return this.#apply(fault, process);
  }

  kill(process: ClusterProcess, lingerMs: number): void {
    if (!process.isAlive) return;
    this.hit(process, 0);
    process.kill();
    for (const link of [...process.links]) link.abandon(lingerMs);
  }

  /** A fault that costs a process what it has in hand, for a time. */
  hit(process: ClusterProcess, ms: number): void {
    const untilMs = this.#world.nowMs + ms;
    this.lastTroubleMs = Math.max(this.lastTroubleMs, untilMs);
    process.troubledUntilMs = Math.max(process.troubledUntilMs, untilMs);
    this.#onFault(process);
  }

  #apply(fault: ClusterFault, process: ClusterProcess): Mishap {
    const { random, nowMs } = this.#world;
    switch (fault) {
      case 'kill':
      case 'powerOff':
        this.kill(process, fault === 'kill' ? random.between(1, 50) : 30_000);
        return null;
      case 'killAll':
        for (const each of [...this.processes]) this.kill(each, random.between(1, 50));
        return null;
      case 'freeze': {
        const ms = random.between(500, 20_000);
        process.frozenUntilMs = nowMs + ms;
        this.hit(process, ms);
        return null;
      }
      case 'terminate':
        this.hit(process, 0);
        process.interrupt();
        return null;
      case 'fail':
      case 'limbo':
      case 'lose':
        this.hit(process, 0);
        return fault;
      case 'partition':
        this.#part(process);
        return null;
      case 'cutLink':
        this.hit(process, 0);
        for (const link of [...process.links]) if (random.chance(0.7)) link.cut();
        return null;
      case 'forget':
        this.hit(process, 0);
        this.broker?.forget(process);
        return null;
      case 'restartBroker': {
        const ms = random.between(500, 8000);
        for (const each of this.processes) this.hit(each, ms);
        this.broker?.restart(ms);
        return null;
      }
      case 'archive': {
        const holder = this.broker?.archive();
        for (const each of this.processes) if (each.name === holder) this.hit(each, 0);
        this.lastTroubleMs = Math.max(this.lastTroubleMs, nowMs);
        return null;
      }
      case 'diskFull': {
        const ms = random.between(100, 10_000);
        process.diskFullUntilMs = nowMs + ms;
        this.hit(process, ms);
        return null;
      }
    }
  }

  #part(process: ClusterProcess): void {
    const { random, nowMs } = this.#world;
    const server = random.pick(SERVERS);
    const ms = random.between(100, 15_000);
    this.#world.tell(process.name, () => `does not hear ${server} for ${ms} ms`);
    process.cutOffFrom[server] = nowMs + ms;
    this.hit(process, ms);
  }

  /** Most calls are answered within the same millisecond: fewer timers, and as many orders of things over all seeds. */
  #travel(process: ClusterProcess): Promise<void> | null {
    const { random, nowMs } = this.#world;
    if (!process.isAlive) return never();
    if (process.frozenUntilMs > nowMs) return process.sleep(0);
    return random.chance(0.2) ? process.sleep(this.delayMs()) : null;
  }

  #noAnswer(process: ClusterProcess, server: Server, name: string): Error {
    this.hit(process, 0);
    if (server === 'cassandra') return CASSANDRA_ERRORS[this.#world.random.between(0, CASSANDRA_ERRORS.length - 1)]();
    return new ScenelineError(server === 'kafka' ? 'SL-151' : 'SL-161', `No answer to ${name}.`);
  }
}

/** The driver's type says that it is abstract; it is not. */
const DriverError = errors.DriverError as unknown as new (message: string) => Error;

/** The forms in which "nobody knows what became of it" comes. */
const CASSANDRA_ERRORS: readonly (() => Error)[] = [
  () => new errors.ResponseError(types.responseErrorCodes.writeTimeout, 'Operation timed out.'),
  () => new DriverError('Socket was closed'),
  () => new errors.NoHostAvailableError({ 'sim:9042': new DriverError('Socket was closed') }),
  () => new errors.OperationTimedOutError('The host did not reply before timeout'),
];
