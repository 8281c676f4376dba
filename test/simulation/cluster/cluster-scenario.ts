import { drawMaster, type Master, redelivered } from '../scenario.ts';
import type { SeededRandom } from '../world.ts';
import { CLUSTER_FAULTS, type TroublePlan } from './trouble.ts';

export type TitlePlan = { readonly id: string; readonly master: Master; readonly urgency: number; readonly submitAfterMs: number };

export type ClusterScenario = {
  readonly titles: readonly TitlePlan[];
  readonly masters: readonly Master[];
  /** Of the first title: another master is delivered, or it is cancelled. */
  readonly redeliverAfterMs: number | null;
  readonly cancelAfterMs: number | null;
  /** Jobs at once, per worker. */
  readonly workers: readonly number[];
  readonly codecs: readonly string[];
  readonly controls: number;
  readonly lockMs: number;
  readonly window: number;
  /** Largest error of a process's clock, in either direction. */
  readonly skewMs: number;
  /** Added to every encode. */
  readonly slownessMs: number;
  /** Chance that a note is lost, and that it comes twice; that an offer is written twice. */
  readonly noteLoss: number;
  readonly doubling: number;
  readonly drainMs: number;
  retriesLeft: number;
  toolFailuresLeft: number;
  readonly toolFailureRate: number;
  readonly poison: { readonly kind: string; readonly index: number } | null;
  readonly trouble: TroublePlan;
};

const HOUR_MS = 3_600_000;
const CODECS = ['h264', 'h265'] as const;

/** Draws a run. Each switches on only some kinds of trouble, so that every pair of them also meets without the others. */
export function drawClusterScenario(random: SeededRandom): ClusterScenario {
  const codecs = CODECS.slice(0, random.chance(0.8) ? 1 : 2);
  const count = random.chance(0.15) ? random.pick([2, 2, 3]) : 1;
  const isShared = random.chance(0.4);
  const titles = Array.from({ length: count }, (_, i): TitlePlan => {
    const master = small(drawMaster(random, isShared ? 'shared' : `film-${i}`), codecs, isShared ? 'shared' : `film-${i}`, random);
    return { id: `title-${i}`, master, urgency: random.chance(0.3) ? random.between(1, 5) : 0, submitAfterMs: i * random.between(0, 15_000) };
  });
  if (isShared) for (const [i, title] of titles.entries()) titles[i] = { ...title, master: titles[0].master };
  const second = redelivered(titles[0].master, random);
  const kinds = CLUSTER_FAULTS.filter(() => random.chance(0.3));
  return {
    titles,
    masters: [...titles.map(({ master }) => master), second],
    redeliverAfterMs: count === 1 && random.chance(0.1) ? random.between(0, 30_000) : null,
    cancelAfterMs: random.chance(0.1) ? random.between(0, 30_000) : null,
    workers: Array.from({ length: random.pick([1, 1, 2, 2, 3]) }, () => random.between(1, 2)),
    codecs,
    controls: random.pick([1, 1, 1, 2, 2, 3]),
    lockMs: random.between(3000, 6000),
    window: random.between(1, 6),
    skewMs: random.chance(0.3) ? HOUR_MS : 0,
    slownessMs: random.chance(0.005) ? random.between(60_000, 200_000) : 0,
    noteLoss: random.pick([0, 0, 0.1, 0.5]),
    doubling: random.pick([0, 0, 0.1, 0.5]),
    drainMs: random.pick([100, 5000, 60_000]),
    retriesLeft: random.between(0, 2),
    toolFailuresLeft: random.chance(0.2) ? random.between(1, 8) : 0,
    toolFailureRate: random.pick([0.05, 0.3]),
    poison: random.chance(0.06) ? { kind: random.pick(['scan', 'encode', 'assemble', 'publish']), index: 0 } : null,
    trouble: { kinds: kinds.length > 0 ? kinds : ['kill'], rate: random.pick([0.003, 0.01, 0.03]), budget: random.chance(0.15) ? 0 : random.between(1, 8) },
  };
}

/** Films of a few chunks: what goes wrong, goes wrong with few as well. */
function small(master: Master, codecs: readonly string[], name: string, random: SeededRandom): Master {
  const chunks = Array.from({ length: random.pick([1, 2, 2, 3]) }, (_, index) => `${name}-shot-${index}`);
  return { ...master, codecs, chunks, rangeCount: random.pick([1, 1, 2]), audioStreams: master.audioStreams.slice(1), renditionCount: 1 };
}
