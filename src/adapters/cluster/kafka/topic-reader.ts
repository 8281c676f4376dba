import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, type Connection, fetchV17, type RecordsBatch } from '@platformatic/kafka';
import { connectionOptions, type KafkaAccess } from './access.ts';
import { explainKafka, isLasting } from './kafka-errors.ts';

/** `nextOffset` goes on behind these records, also when there are none: behind transaction markers and compacted ones. */
export type PartitionPage = {
  readonly partition: number;
  readonly records: readonly { readonly offset: number; readonly timestampMs: number; readonly value: Buffer | null }[];
  readonly nextOffset: number;
};

/** Longer than a broker takes to restart. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 500;
const READ_UNCOMMITTED = 0;
const IS_CONTROL_BATCH = 0x20;
/** A fetch outside of fetch sessions (KIP-227). */
const NO_SESSION = { id: 0, epoch: -1 } as const;
const NO_EPOCH = -1;
const REPLY_BYTES = 16 * 1024 * 1024;

/** Reads a topic from places that the caller keeps, without a consumer group. Waits out the restart of a broker. */
export class TopicReader {
  readonly #topic: string;
  readonly #client: Admin;
  #isStale = false;

  constructor(access: KafkaAccess, topic: string) {
    this.#topic = topic;
    this.#client = new Admin({ ...connectionOptions(access), retries: 0 });
  }

  /** Id and partitions of the topic. Throws SL-151 to SL-153. */
  topic(): Promise<{ readonly id: string; readonly partitions: readonly number[] }> {
    return this.#insist('looking up', async () => {
      const { id, leaders } = await this.#leaders();
      return { id, partitions: leaders.map((_, partition) => partition) };
    });
  }

  /** What is there now behind `place`, about `bytes` of each partition and at least a record where there is one. Throws SL-151 to SL-153. */
  fetch(place: ReadonlyMap<number, number>, bytes: number): Promise<PartitionPage[]> {
    return this.#insist('reading', async () => {
      const { id, leaders } = await this.#leaders();
      const nodes = [...new Set(leaders)];
      const connections = await this.#client.connectToBrokers(nodes);
      const pages = nodes.map((node) => {
        const partitions = leaders.flatMap((leader, partition) => (leader === node ? [partition] : []));
        return fetchFrom(connections.get(node), id, new Map(partitions.map((partition) => [partition, place.get(partition) ?? 0])), bytes);
      });
      return (await Promise.all(pages)).flat();
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #leaders(): Promise<{ id: string; leaders: number[] }> {
    const metadata = await this.#client.metadata({ topics: [this.#topic], forceUpdate: this.#isStale });
    this.#isStale = false;
    const topic = metadata.topics.get(this.#topic);
    if (!topic) throw new Error(`there is no topic ${this.#topic}`);
    return { id: topic.id, leaders: topic.partitions.map(({ leader }) => leader) };
  }

  async #insist<T>(what: string, work: () => Promise<T>): Promise<T> {
    for (const endMs = performance.now() + PATIENCE_MS; ; await sleep(PAUSE_MS)) {
      try {
        return await work();
      } catch (error) {
        this.#isStale = true;
        if (isLasting(error) || this.#client.closed || performance.now() >= endMs) throw explainKafka(error, `${what} ${this.#topic}`);
      }
    }
  }
}

async function fetchFrom(connection: Connection | undefined, topicId: string, place: ReadonlyMap<number, number>, bytes: number): Promise<PartitionPage[]> {
  if (!connection) throw new Error('a leader is not connected');
  const wanted = [...place].map(([partition, offset]) => ({
    partition,
    currentLeaderEpoch: NO_EPOCH,
    fetchOffset: BigInt(offset),
    lastFetchedEpoch: NO_EPOCH,
    partitionMaxBytes: bytes,
  }));
  const topics = [{ topicId, partitions: wanted }];
  const reply = await fetchV17.api.async(connection, 0, 0, REPLY_BYTES, READ_UNCOMMITTED, NO_SESSION.id, NO_SESSION.epoch, topics, [], '');
  return reply.responses.flatMap(({ partitions }) =>
    partitions.map(({ partitionIndex, records }) => pageOf(partitionIndex, place.get(partitionIndex) ?? 0, records ?? [])),
  );
}

function pageOf(partition: number, from: number, batches: readonly RecordsBatch[]): PartitionPage {
  const records = batches
    .filter(({ attributes }) => (attributes & IS_CONTROL_BATCH) === 0)
    .flatMap((batch) =>
      batch.records.map(({ offsetDelta, timestampDelta, value }) => ({
        offset: Number(batch.firstOffset) + offsetDelta,
        timestampMs: Number(batch.firstTimestamp + timestampDelta),
        value,
      })),
    )
    .filter(({ offset }) => offset >= from);
  const ends = batches.map(({ firstOffset, lastOffsetDelta }) => Number(firstOffset) + lastOffsetDelta + 1);
  return { partition, records, nextOffset: Math.max(from, ...ends) };
}
