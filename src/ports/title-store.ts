import type { SceneEvent } from '../model/event.ts';
import type { Title, TitleState } from '../model/title.ts';

export interface TitleStore {
  /** Creates the row and its events in one step. False: the id exists, nothing changed. */
  create(title: Title, events: readonly SceneEvent[]): Promise<boolean>;
  get(titleId: string): Promise<Title | null>;
  /** Replaces the row if its `rev` is still `expectedRev`, and queues the events in the same step. False: somebody else was first. */
  update(expectedRev: number, title: Title, events: readonly SceneEvent[]): Promise<boolean>;
  /** Newest first within a UTC day (`YYYY-MM-DD`), optionally one state. */
  listByDay(day: string, state: TitleState | null, cursor: string | null, limit: number): Promise<{ titles: readonly Title[]; cursor: string | null }>;
  /** Days that have titles, newest first. */
  listDays(cursor: string | null, limit: number): Promise<{ days: readonly string[]; cursor: string | null }>;
  /** Ids that start with the prefix, ascending. */
  listByPrefix(prefix: string, cursor: string | null, limit: number): Promise<{ titles: readonly Title[]; cursor: string | null }>;
  /** Titles that are not at an end. A page may hold fewer than `limit` though more follow. */
  listLive(cursor: string | null, limit: number): Promise<{ titles: readonly Title[]; cursor: string | null }>;
  /** Events written with rows and not yet announced, oldest first. */
  pendingEvents(limit: number): Promise<readonly SceneEvent[]>;
  /** Forgets announced events. */
  settleEvents(eventIds: readonly string[]): Promise<void>;
}
