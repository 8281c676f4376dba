import type { EventType, SceneEvent } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { sidecarFindings } from '../model/sidecar.ts';
import type { Title, TitleOrder, TitleProgress, TitleState } from '../model/title.ts';
import { LIVE_STATES } from '../model/title.ts';
import { asksFor, restartedRevisionOf, revisionOf } from './job-ids.ts';

/** A new value of the row and what is announced with it, written in one step. */
export type TitleChange = { readonly next: Title; readonly events: readonly SceneEvent[] };

type Announcement = { readonly type: EventType; readonly atMs: number; readonly data: SceneEvent['data'] };

/** True while there is something left to do for the title without anybody asking. */
export function isLive(title: Title): boolean {
  return LIVE_STATES.includes(title.state);
}

/**
 * The event of a change to `title`. Most happen once per revision, and their id says no more, so that a repeat is recognised whoever made it.
 * A title can fail and be cancelled again after a retry: there the row's `rev` tells the times apart.
 */
export function eventOf(title: Title, { type, atMs, data }: Announcement): SceneEvent {
  const again = type === 'title.failed' || type === 'title.cancelled' ? `/${title.rev}` : '';
  return { id: `${title.id}/${title.revision}/${type}${again}`, type, titleId: title.id, revision: title.revision, atMs, version: 1, data };
}

/** The row after one step: same revision, next `rev`. */
export function moved(title: Title, change: { state: TitleState; progress?: TitleProgress; findings?: readonly Finding[] }): Title {
  return { ...title, ...change, rev: title.rev + 1 };
}

/** A title that does not exist yet. */
export function newTitle(request: { id: string; order: TitleOrder; nowMs: number }): TitleChange {
  const { id, order, nowMs } = request;
  const next: Title = {
    id,
    createdMs: nowMs,
    rev: 1,
    state: 'registered',
    revision: revisionOf(order),
    order,
    protection: 'none',
    progress: {},
    findings: sidecarFindings(order.sidecars),
    resumeState: null,
    failedJobId: null,
  };
  return { next, events: [registered(next, nowMs)] };
}

/**
 * Makes the title anew: from a changed source, ladder or build, or once more from the same when what was published is gone.
 * What is proven is found again by its address, so only what differs costs anything. Legal in every state.
 */
export function startRevision(title: Title, order: TitleOrder, nowMs: number): TitleChange {
  const rev = title.rev + 1;
  const fresh = newTitle({ id: title.id, order, nowMs }).next;
  const next = { ...fresh, createdMs: title.createdMs, rev, revision: restartedRevisionOf(order, rev) };
  return { next, events: [registered(next, nowMs)] };
}

/** The same content from or to another place, or with another urgency, which later jobs of it have. Null: the title already says so. Throws RangeError when the content differs: that is a revision. */
export function replaceOrder(title: Title, order: TitleOrder): TitleChange | null {
  if (!asksFor(title, order)) throw new RangeError(`title ${title.id}: another source, ladder or build needs a new revision`);
  const { seal, outDir, urgency = 0 } = title.order;
  const isSame =
    outDir === order.outDir &&
    urgency === (order.urgency ?? 0) &&
    seal.path === order.seal.path &&
    seal.sizeBytes === order.seal.sizeBytes &&
    seal.modifiedNs === order.seal.modifiedNs &&
    seal.inode === order.seal.inode;
  return isSame ? null : { next: { ...title, order, rev: title.rev + 1 }, events: [] };
}

/** Stops a live title where it is. Null: there is nothing to stop. */
export function cancelTitle(title: Title, nowMs: number): TitleChange | null {
  if (!isLive(title)) return null;
  const next: Title = { ...moved(title, { state: 'cancelled' }), resumeState: title.state };
  return { next, events: [eventOf(next, { type: 'title.cancelled', atMs: nowMs, data: { from: title.state } })] };
}

/** Takes a failed or cancelled title up where it stopped. Null: the title is in another state. */
export function retryTitle(title: Title): TitleChange | null {
  if ((title.state !== 'failed' && title.state !== 'cancelled') || title.resumeState === null) return null;
  return { next: { ...moved(title, { state: title.resumeState }), resumeState: null, failedJobId: null }, events: [] };
}

function registered(title: Title, nowMs: number): SceneEvent {
  return eventOf(title, { type: 'title.registered', atMs: nowMs, data: { sourceSha256: title.order.seal.sha256 } });
}
