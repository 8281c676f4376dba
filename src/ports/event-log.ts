import type { SceneEvent } from '../model/event.ts';

export interface EventLog {
  /** Durable when it returns; the same event may arrive twice. */
  append(events: readonly SceneEvent[]): Promise<void>;
  /** The events of one title in order of arrival; those of several titles may be interleaved in another way each time. The cursor goes on behind the last event read, so it is kept for events still to come; an empty page is the end for now. */
  read(cursor: string | null, limit: number): Promise<{ events: readonly SceneEvent[]; cursor: string | null }>;
}
