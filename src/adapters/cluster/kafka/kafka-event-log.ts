import type { SceneEvent } from '../../../model/event.ts';
import type { EventLog } from '../../../ports/event-log.ts';
import type { KafkaAccess } from './access.ts';
import { DurableProducer } from './durable-producer.ts';
import { decodeEventCursor, type EventPlace, encodeEventCursor } from './event-cursor.ts';
import { parseEvent, serialiseEvent } from './event-json.ts';
import { type PartitionPage, TopicReader } from './topic-reader.ts';

/** Of a partition, per event asked for, and within these bounds. */
const BYTES_PER_EVENT = 4096;
const LEAST_BYTES = 64 * 1024;
const MOST_BYTES = 1024 * 1024;

type Found = { readonly partition: number; readonly offset: number; readonly timestampMs: number; readonly event: SceneEvent | null };

/**
 * Events in an ordinary topic of any number of partitions, keyed by title: those of one title stay in order, those of different
 * titles come about in order of arrival. The cursor holds an offset per partition. Messages that are no events of a version known
 * here are passed over.
 */
export class KafkaEventLog implements EventLog {
  readonly #topic: string;
  readonly #producer: DurableProducer;
  readonly #reader: TopicReader;

  /** Connects on first use. Throws SL-101 for an address that is none. */
  constructor(access: KafkaAccess, topic: string) {
    this.#topic = topic;
    this.#producer = new DurableProducer(access, 'once');
    this.#reader = new TopicReader(access, topic);
  }

  /** Throws SL-151 to SL-153 when the cluster cannot take them; some may be there then. */
  async append(events: readonly SceneEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.#producer.send(events.map((event) => ({ topic: this.#topic, key: Buffer.from(event.titleId), value: serialiseEvent(event) })));
  }

  /** Waits up to a minute for a cluster that is away, then throws SL-151. Throws SL-101 for a cursor of another log. */
  async read(cursor: string | null, limit: number): Promise<{ events: readonly SceneEvent[]; cursor: string | null }> {
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`a page has at least one row, not ${limit}`);
    const { id } = await this.#reader.topic();
    const bytes = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, limit * BYTES_PER_EVENT));
    for (let place = decodeEventCursor(id, cursor); ; ) {
      const page = takePage(await this.#reader.fetch(place, bytes), place, limit);
      if (page.events.length === 0 && page.isFurther) {
        place = page.place;
        continue;
      }
      const isUnmoved = page.events.length === 0 && cursor === null && page.place.size === 0;
      return { events: page.events, cursor: isUnmoved ? null : encodeEventCursor(id, page.place) };
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#producer.close(), this.#reader.close()]);
  }
}

/** The first `limit` events by time of arrival, never before an earlier one of their partition, and the place behind them. */
export function takePage(
  pages: readonly PartitionPage[],
  place: EventPlace,
  limit: number,
): { readonly events: readonly SceneEvent[]; readonly place: EventPlace; readonly isFurther: boolean } {
  const queues = pages.map(({ partition, records }) =>
    records.map(({ offset, timestampMs, value }): Found => ({ partition, offset, timestampMs, event: value ? parseEvent(value) : null })),
  );
  const next = new Map(place);
  const events: SceneEvent[] = [];
  while (events.length < limit) {
    const heads = queues.filter((queue) => queue.length > 0);
    if (heads.length === 0) break;
    const found = heads.reduce((first, queue) => (queue[0].timestampMs < first[0].timestampMs ? queue : first)).shift()!;
    next.set(found.partition, found.offset + 1);
    if (found.event) events.push(found.event);
  }
  for (const [i, { partition, nextOffset }] of pages.entries()) if (queues[i].length === 0 && nextOffset > 0) next.set(partition, nextOffset);
  const isFurther = [...next].some(([partition, offset]) => offset > (place.get(partition) ?? 0));
  return { events, place: next, isFurther };
}
