import type { TitleOrder } from '../../src/model/title.ts';
import { FAULTS, type FaultPlan } from './faults.ts';
import type { SeededRandom } from './world.ts';

/** What one master holds; a redelivered one shares all chunks but one with it. */
export type Master = {
  readonly order: TitleOrder;
  readonly rangeCount: number;
  readonly audioStreams: readonly number[];
  readonly textCount: number;
  readonly codecs: readonly string[];
  readonly renditionCount: number;
  /** Content of each chunk: equal text, equal pictures. */
  readonly chunks: readonly string[];
  readonly refusedBy: 'scan' | 'stitch' | null;
};

export type Scenario = {
  readonly titleIds: readonly string[];
  readonly masters: readonly [Master, Master];
  /** When the other of the two masters is delivered in place of the one there. */
  readonly redeliveriesAfterMs: readonly number[];
  /** Operators that type the same command again and again, per title. */
  readonly terminals: number;
  readonly concurrency: number;
  readonly window: number;
  readonly leaseMs: number;
  readonly cancelsAfterMs: readonly number[];
  /** Longest time until somebody types the same command again. */
  readonly impatienceMs: number;
  /** Times that somebody retries a failed title. */
  retriesLeft: number;
  /** Tools that go wrong by chance, in all. */
  toolFailuresLeft: number;
  readonly toolFailureRate: number;
  /** A job that fails whenever it runs, until cured by a retry. */
  poison: { readonly kind: string; readonly index: number } | null;
  readonly poisonIsCurable: boolean;
  /** The queue hears of dead workers at once; else it waits for their leases. */
  readonly deathsAreSeen: boolean;
  readonly faults: FaultPlan;
};

const MANY_CANCELS = 12;
const CODECS = ['h264', 'h265'] as const;

/** Draws a run. Each switches on only some kinds of trouble, so that every pair of them also meets without the others. */
export function drawScenario(random: SeededRandom): Scenario {
  const first = drawMaster(random, 'first');
  const titleIds = random.chance(0.15) ? ['one', 'two'] : ['one'];
  // With two titles the masters stay: an exclusive key holds for equal orders only, and everything else is expected to be encoded once.
  const redeliveries = titleIds.length === 1 && random.chance(0.25) ? random.between(1, 4) : 0;
  const cancels = random.chance(0.25) ? random.pick([1, 2, MANY_CANCELS]) : 0;
  const isHectic = cancels === MANY_CANCELS || random.chance(0.3);
  const kinds = FAULTS.filter(() => random.chance(0.4));
  return {
    titleIds,
    masters: [first, redelivered(first, random)],
    redeliveriesAfterMs: Array.from({ length: redeliveries }, () => random.between(0, 40_000)),
    terminals: isHectic ? random.between(1, 3) : random.between(1, 2),
    concurrency: random.between(1, 3),
    window: random.between(1, 6),
    leaseMs: random.between(3000, 9000),
    cancelsAfterMs: Array.from({ length: cancels }, () => random.between(0, 40_000)),
    impatienceMs: isHectic ? 30 : 20_000,
    retriesLeft: random.between(0, 2),
    toolFailuresLeft: random.chance(0.3) ? random.between(1, 12) : 0,
    toolFailureRate: random.pick([0.05, 0.3]),
    poison: random.chance(0.08) ? { kind: random.pick(['scan', 'encode', 'assemble', 'publish']), index: 0 } : null,
    poisonIsCurable: random.chance(0.5),
    deathsAreSeen: random.chance(0.5),
    faults: { kinds: kinds.length > 0 ? kinds : ['kill'], rate: random.pick([0.005, 0.02, 0.06]), budget: random.between(0, 30) },
  };
}

export function drawMaster(random: SeededRandom, name: string): Master {
  return {
    order: orderOf(name),
    rangeCount: random.between(1, 3),
    audioStreams: [1, 2].slice(0, random.between(0, 2)),
    textCount: random.between(0, 1),
    codecs: CODECS.slice(0, random.between(1, 2)),
    renditionCount: random.between(1, 2),
    chunks: Array.from({ length: random.between(1, 8) }, (_, index) => `shot-${index}`),
    refusedBy: random.chance(0.03) ? random.pick(['scan', 'stitch'] as const) : null,
  };
}

/** The same film with one chunk changed. */
export function redelivered(master: Master, random: SeededRandom): Master {
  const changed = random.between(0, master.chunks.length - 1);
  return { ...master, order: orderOf('second'), chunks: master.chunks.map((chunk, index) => (index === changed ? `${chunk}-again` : chunk)) };
}

function orderOf(name: string): TitleOrder {
  return {
    seal: { path: `/films/${name}.mov`, sha256: name.padEnd(64, '0'), sizeBytes: 1000, modifiedNs: '1', inode: '1' },
    ladder: { rungs: [], audioKbpsPerChannel: 64 },
    encoderBuild: 'build',
    outDir: '/out',
  };
}
