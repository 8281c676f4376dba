import { ScenelineError } from '../../model/errors.ts';
import type { Ladder } from '../../model/ladder.ts';
import type { Sidecar } from '../../model/sidecar.ts';
import type { SourceSeal } from '../../model/source.ts';
import type { Title, TitleOrder } from '../../model/title.ts';
import type { Control } from '../../pipeline/control.ts';
import { asksFor } from '../../pipeline/job-ids.ts';
import type { Wake, WorkerNotice } from '../../ports/job-dispatch.ts';
import type { TitleStore } from '../../ports/title-store.ts';

export type Submission = {
  readonly titleId: string;
  readonly seal: SourceSeal;
  readonly ladder: Ladder;
  readonly sidecars?: readonly Sidecar[];
  readonly isStrict?: boolean;
  readonly urgency: number;
};

export type TitleDesk = {
  readonly titles: TitleStore;
  readonly control: Control;
  readonly wake: Pick<Wake, 'ring'>;
  readonly workers: { list(): Promise<readonly WorkerNotice[]> };
};

/**
 * Registers a title, or makes it anew when what is asked of it changed. The encoder build is the one that most workers have, unless the title already has one that
 * some worker has: a title uses one.
 * Throws SL-113 when there is no worker.
 */
export async function submitTitle(desk: TitleDesk, submission: Submission): Promise<Title> {
  const { titleId, seal, ladder, sidecars = [], isStrict = false, urgency } = submission;
  const known = await desk.titles.get(titleId);
  const encoderBuild = chooseBuild(await desk.workers.list(), known?.order.encoderBuild ?? null);
  const wishes = { ...(sidecars.length > 0 ? { sidecars } : {}), ...(isStrict ? { isStrict } : {}) };
  const order: TitleOrder = { seal, ladder, ...wishes, encoderBuild, urgency, outDir: null };
  const title = await placeOrder(desk.control, titleId, known, order);
  await desk.wake.ring({ titleId, jobId: null, outcome: null });
  return title;
}

/** Pure: the build of most slots, equal ones by name; the one in use while anybody has it. */
export function chooseBuild(workers: readonly WorkerNotice[], inUse: string | null): string {
  const slots = new Map<string, number>();
  for (const worker of workers) slots.set(worker.encoderBuild, (slots.get(worker.encoderBuild) ?? 0) + worker.slots);
  if (slots.size === 0) throw new ScenelineError('SL-113', 'No worker is there.');
  if (inUse !== null && slots.has(inUse)) return inUse;
  return [...slots].sort(([a, aSlots], [b, bSlots]) => bSlots - aSlots || (a < b ? -1 : 1))[0][0];
}

async function placeOrder(control: Control, titleId: string, known: Title | null, order: TitleOrder): Promise<Title> {
  if (known === null) return control.register(titleId, order);
  if (asksFor(known, order)) return (await control.replaceOrder(titleId, order)) ?? known;
  return (await control.startRevision(titleId, order)) ?? known;
}
