import { randomBytes } from 'node:crypto';
import type { SceneEvent } from '../../src/model/event.ts';
import type { JobKind, JobSpec } from '../../src/model/job.ts';
import type { Title, TitleState } from '../../src/model/title.ts';

/** A made adapter and how to be done with it. */
export type Made<Adapter> = { readonly adapter: Adapter; close(): Promise<void> };

/** Keeps the rows of one test apart from those of all others in the same store. */
export function freshTag(): string {
  return `t${randomBytes(6).toString('hex')}`;
}

/** Text that storage layers are known to spoil: other scripts, pairs, a lone surrogate, NUL, quotes, newlines, `__proto__`. */
export const ODD_TEXT = 'Жизнь 影 🎬 é\u0301 \ud800 \u0000 "\'`; DROP TABLE job; -- \r\n\t\\ %_';

export function title(id: string, change: Partial<Title> = {}): Title {
  return {
    id,
    createdMs: Date.UTC(2026, 0, 1),
    rev: 1,
    state: 'registered',
    revision: 'r1',
    order: {
      seal: { path: '/films/a.mp4', sha256: 'ab'.repeat(32), sizeBytes: 1, modifiedNs: '1', inode: '1' },
      ladder: { rungs: [], audioKbpsPerChannel: 64 },
      encoderBuild: 'x264',
      outDir: '/out',
    },
    protection: 'none',
    progress: {},
    findings: [],
    resumeState: null,
    failedJobId: null,
    ...change,
  };
}

/** The row after `before`, ready for `update`. */
export function next(before: Title, state: TitleState): Title {
  return { ...before, rev: before.rev + 1, state };
}

export function event(id: string, change: Partial<SceneEvent> = {}): SceneEvent {
  return { id, type: 'title.registered', titleId: 'a', revision: 'r1', atMs: 1, version: 1, data: {}, ...change };
}

export function job(titleId: string, index: number, change: Partial<JobSpec> = {}): JobSpec {
  const { revision = 'r1', kind = 'encode' as JobKind } = change;
  return { id: `${titleId}/${revision}/${kind}/${index}`, titleId, revision, kind, part: { index }, exclusiveKey: null, priority: 0, ...change };
}

/** All items of a listing, by pages of `limit`; refuses a listing that never ends. */
export async function allPages<Item>(
  page: (cursor: string | null, limit: number) => Promise<{ items: readonly Item[]; cursor: string | null }>,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < 100_000; pages += 1) {
    const found = await page(cursor, limit);
    if (found.items.length > limit) throw new Error(`a page of ${limit} has ${found.items.length} items`);
    items.push(...found.items);
    cursor = found.cursor;
    if (cursor === null) return items;
  }
  throw new Error('the listing does not end');
}
