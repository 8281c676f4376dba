import { type Connection, createAPI, type KafkaRecord, Reader, type RecordsBatch, readRecordsBatches, Writer } from '@platformatic/kafka';
import {
  ACK_TYPES,
  type AcknowledgeReply,
  type FetchedPartition,
  type FetchReply,
  type HeartbeatReply,
  PARTITION,
  type ShareRecord,
  type ShareReply,
  type ShareRequest,
} from './messages.ts';

/** Who speaks: the same member id for the whole life of a consumer, a UUID. */
export type Member = { readonly group: string; readonly memberId: string; readonly topic: string };

type Of<Kind extends ShareRequest['kind']> = ShareRequest & { readonly kind: Kind };
type Partition = { readonly topicId: string; readonly partition: number; readonly errorCode: number; readonly message: string | null };

/** Of ShareFetch, in bytes. */
const LARGEST_REPLY = 8 * 1024 * 1024;
/** Never more records than asked for; the other mode hands out whole produced batches (KIP-1206). */
const STRICT_ACQUIRE = 1;
/** Batches of transaction markers (record batch format, attributes bit 5). */
const IS_CONTROL_BATCH = 0x20;

/** API keys and versions this file speaks (Kafka 4.2 and newer). */
export const NEEDED_APIS = { ShareGroupHeartbeat: [76, 1], ShareFetch: [78, 2], ShareAcknowledge: [79, 2] } as const;

const heartbeat = createAPI<[Member, Of<'heartbeat'>], HeartbeatReply>(...NEEDED_APIS.ShareGroupHeartbeat, writeHeartbeat, (_id, _key, _version, reader) =>
  readHeartbeat(reader),
);
const fetch = createAPI<[Member, Of<'fetch'>], FetchReply>(...NEEDED_APIS.ShareFetch, writeFetch, (_id, _key, _version, reader) => readFetch(reader));
const acknowledge = createAPI<[Member, Of<'acknowledge'>], AcknowledgeReply>(...NEEDED_APIS.ShareAcknowledge, writeAcknowledge, (_id, _key, _version, reader) =>
  readAcknowledge(reader),
);

/** Sends a request and reads its reply. Throws when the connection breaks or the reply is not one. */
export async function exchange(connection: Connection, member: Member, request: ShareRequest): Promise<ShareReply> {
  switch (request.kind) {
    case 'heartbeat':
      return heartbeat.async(connection, member, request);
    case 'fetch':
      return fetch.async(connection, member, request);
    case 'acknowledge':
      return acknowledge.async(connection, member, request);
  }
}

/** ShareGroupHeartbeat request, version 1. */
export function writeHeartbeat({ group, memberId, topic }: Member, { epoch, isSubscribing }: Of<'heartbeat'>): Writer {
  return Writer.create()
    .appendString(group)
    .appendString(memberId)
    .appendInt32(epoch)
    .appendString(null)
    .appendArray(isSubscribing ? [topic] : null, (writer, name) => writer.appendString(name), true, false)
    .appendTaggedFields();
}

/** ShareGroupHeartbeat response, version 1, without its trailing tags. */
export function readHeartbeat(reader: Reader): HeartbeatReply {
  reader.readInt32(); // throttle time
  const [errorCode, message] = [reader.readInt16(), reader.readNullableString()];
  reader.readNullableString(); // member id, the one that we chose
  const [memberEpoch, intervalMs] = [reader.readInt32(), reader.readInt32()];
  const assignment = reader.readNullableStruct(() =>
    reader.readArray((each) => ({ topicId: each.readUUID(), partitions: each.readArray((item) => item.readInt32(), true, false) })),
  );
  const topicIds = assignment?.filter(({ partitions }) => partitions.includes(PARTITION)).map(({ topicId }) => topicId) ?? null;
  return { kind: 'heartbeat', errorCode, message, memberEpoch, intervalMs, topicIds };
}

/** ShareFetch request, version 2. */
export function writeFetch({ group, memberId }: Member, { epoch, add, forget, max, waitMs }: Of<'fetch'>): Writer {
  return Writer.create()
    .appendString(group)
    .appendString(memberId)
    .appendInt32(epoch)
    .appendInt32(waitMs)
    .appendInt32(max) // bytes to wait for
    .appendInt32(LARGEST_REPLY)
    .appendInt32(max) // records
    .appendInt32(max) // records of an acquired batch
    .appendInt8(STRICT_ACQUIRE)
    .appendBoolean(false) // carries no renewals
    .appendArray([...add], (writer, topicId) =>
      writer.appendUUID(topicId).appendArray([PARTITION], (inner, partition) => inner.appendInt32(partition).appendArray([], () => {})),
    )
    .appendArray([...forget], (writer, topicId) =>
      writer.appendUUID(topicId).appendArray([PARTITION], (inner, partition) => inner.appendInt32(partition), true, false),
    )
    .appendTaggedFields();
}

/** ShareFetch response, version 2, without its trailing node addresses and tags. */
export function readFetch(reader: Reader): FetchReply {
  const { errorCode, message, lockMs } = readHead(reader);
  const partitions = readPartitions(reader, (inner, partition) => {
    inner.readInt16(); // we never acknowledge within a fetch
    inner.readNullableString();
    skipLeader(inner);
    const bytes = inner.readNullableBytes();
    const acquired = inner.readArray((each) => ({ first: each.readInt64(), last: each.readInt64(), deliveryCount: each.readInt16() }));
    return { ...partition, records: bytes ? recordsOf(readRecordsBatches(Reader.from(bytes))) : [], acquired };
  });
  return { kind: 'fetch', errorCode, message, lockMs, partitions };
}

/** ShareAcknowledge request, version 2. */
export function writeAcknowledge({ group, memberId }: Member, { epoch, place, type }: Of<'acknowledge'>): Writer {
  return Writer.create()
    .appendString(group)
    .appendString(memberId)
    .appendInt32(epoch)
    .appendBoolean(type === 'renew')
    .appendArray(place ? [place] : [], (writer, { topicId, first, last }) =>
      writer.appendUUID(topicId).appendArray([PARTITION], (inner, partition) =>
        inner.appendInt32(partition).appendArray([ACK_TYPES[type]], (batch, code) =>
          batch
            .appendInt64(first)
            .appendInt64(last)
            .appendArray([code], (item, value) => item.appendInt8(value), true, false),
        ),
      ),
    )
    .appendTaggedFields();
}

/** ShareAcknowledge response, version 2, without its trailing node addresses and tags. */
export function readAcknowledge(reader: Reader): AcknowledgeReply {
  const { errorCode, message } = readHead(reader);
  const partitions = readPartitions(reader, (inner, partition) => {
    skipLeader(inner);
    return partition;
  });
  return { kind: 'acknowledge', errorCode, message, partitions };
}

function readHead(reader: Reader): { errorCode: number; message: string | null; lockMs: number } {
  reader.readInt32(); // throttle time
  return { errorCode: reader.readInt16(), message: reader.readNullableString(), lockMs: reader.readInt32() };
}

/** Our partition of every topic in a response. */
function readPartitions<P extends Partition>(reader: Reader, readRest: (reader: Reader, head: Partition) => P): P[] {
  const topics = reader.readArray((topic) => {
    const topicId = topic.readUUID();
    return topic.readArray((inner) =>
      readRest(inner, { topicId, partition: inner.readInt32(), errorCode: inner.readInt16(), message: inner.readNullableString() }),
    );
  });
  return topics.flat().filter(({ partition }) => partition === PARTITION);
}

function skipLeader(reader: Reader): void {
  reader.readInt32();
  reader.readInt32();
  reader.readTaggedFields();
}

function recordsOf(batches: readonly RecordsBatch[]): FetchedPartition['records'] {
  const data = batches.filter(({ attributes }) => (attributes & IS_CONTROL_BATCH) === 0);
  return data.flatMap(({ firstOffset, records }) => records.map((record) => recordOf(record, firstOffset)));
}

function recordOf({ key, value, headers, offsetDelta }: KafkaRecord, firstOffset: bigint): ShareRecord {
  return { offset: firstOffset + BigInt(offsetDelta), key, value, headers };
}
