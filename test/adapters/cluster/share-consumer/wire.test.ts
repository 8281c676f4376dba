import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRecordsBatch, type MessageRecord, Reader, Writer } from '@platformatic/kafka';
import {
  readAcknowledge,
  readFetch,
  readHeartbeat,
  writeAcknowledge,
  writeFetch,
  writeHeartbeat,
} from '../../../../src/adapters/cluster/share-consumer/wire.ts';

const TOPIC_ID = '01234567-89ab-4def-8123-456789abcdef';
const TOPIC_HEX = TOPIC_ID.replaceAll('-', '');
const MEMBER = { group: 'g', memberId: 'm', topic: 't' };

const hex = (text: string) => text.replaceAll(/\s/g, '');
const message = (value: string): MessageRecord => ({
  topic: 't',
  key: Buffer.from('k'),
  value: Buffer.from(value),
  headers: new Map([[Buffer.from('h'), Buffer.from('v')]]),
});

/** Topics of one partition each, as in responses. */
function topics(writer: Writer, partition: number, rest: (writer: Writer) => void): Writer {
  return writer.appendArray([TOPIC_ID], (topic, id) =>
    topic.appendUUID(id).appendArray([partition], (inner, index) => rest(inner.appendInt32(index).appendInt16(0).appendString(null))),
  );
}

function leader(writer: Writer): Writer {
  return writer.appendInt32(1).appendInt32(0).appendTaggedFields();
}

function fetchReply(partition = 0): Buffer {
  const head = Writer.create().appendInt32(0).appendInt16(0).appendString(null).appendInt32(15_000);
  const records = createRecordsBatch([message('one'), message('two')]).buffer;
  records.writeBigInt64BE(40n, 0);
  return topics(head, partition, (inner) => {
    leader(inner.appendInt16(0).appendString(null)).appendBytes(records);
    inner.appendArray([41n], (each, offset) => each.appendInt64(offset).appendInt64(offset).appendInt16(3));
  }).appendTaggedFields().buffer;
}

function acknowledgeReply(): Buffer {
  const head = Writer.create().appendInt32(0).appendInt16(0).appendString('words').appendInt32(15_000);
  return topics(head, 0, leader).appendTaggedFields().buffer;
}

function heartbeatReply(): Buffer {
  const writer = Writer.create().appendInt32(0).appendInt16(0).appendString(null).appendString('m').appendInt32(4).appendInt32(5000).appendInt8(1);
  return writer
    .appendArray([[0], [1, 2]], (topic, partitions) =>
      topic.appendUUID(TOPIC_ID).appendArray(partitions, (inner, index) => inner.appendInt32(index), true, false),
    )
    .appendTaggedFields().buffer;
}

const REPLIES = [
  { name: 'heartbeat', bytes: heartbeatReply(), read: readHeartbeat },
  { name: 'fetch', bytes: fetchReply(), read: readFetch },
  { name: 'acknowledge', bytes: acknowledgeReply(), read: readAcknowledge },
] as const;

describe('requests', () => {
  it('writes a heartbeat with and without its topic', () => {
    const bytes = (epoch: number, isSubscribing: boolean) => writeHeartbeat(MEMBER, { kind: 'heartbeat', epoch, isSubscribing }).buffer.toString('hex');
    assert.equal(bytes(0, true), hex('0267 026d 00000000 00 02 0274 00'));
    assert.equal(bytes(-1, false), hex('0267 026d ffffffff 00 00 00'));
  });

  it('writes a fetch of one record in strict mode, and one of nothing', () => {
    const fetch = writeFetch(MEMBER, { kind: 'fetch', epoch: 2, add: [TOPIC_ID], forget: [], max: 1, waitMs: 500 }).buffer.toString('hex');
    const added = `02 ${TOPIC_HEX} 02 00000000 01 00 00`;
    assert.equal(fetch, hex(`0267 026d 00000002 000001f4 00000001 00800000 00000001 00000001 01 00 ${added} 01 00`));
    const opening = writeFetch(MEMBER, { kind: 'fetch', epoch: 0, add: [], forget: [TOPIC_ID], max: 0, waitMs: 0 }).buffer.toString('hex');
    const forgotten = `02 ${TOPIC_HEX} 02 00000000 00`;
    assert.equal(opening, hex(`0267 026d 00000000 00000000 00000000 00800000 00000000 00000000 01 00 01 ${forgotten} 00`));
  });

  it('writes an acknowledgement, a renewal and a goodbye', () => {
    const place = { topicId: TOPIC_ID, first: 5n, last: 6n };
    const bytes = (type: 'accept' | 'renew') => writeAcknowledge(MEMBER, { kind: 'acknowledge', epoch: 1, place, type }).buffer.toString('hex');
    const batch = (code: string) => `02 ${TOPIC_HEX} 02 00000000 02 0000000000000005 0000000000000006 02 ${code} 00 00 00`;
    assert.equal(bytes('accept'), hex(`0267 026d 00000001 00 ${batch('01')} 00`));
    assert.equal(bytes('renew'), hex(`0267 026d 00000001 01 ${batch('04')} 00`));
    const goodbye = writeAcknowledge(MEMBER, { kind: 'acknowledge', epoch: -1, place: null, type: 'gap' }).buffer.toString('hex');
    assert.equal(goodbye, hex('0267 026d ffffffff 00 01 00'));
  });
});

describe('replies', () => {
  it('reads which topics have our partition', () => {
    assert.deepEqual(readHeartbeat(Reader.from(heartbeatReply())), {
      kind: 'heartbeat',
      errorCode: 0,
      message: null,
      memberEpoch: 4,
      intervalMs: 5000,
      topicIds: [TOPIC_ID],
    });
  });

  it('reads records with their offsets, and what is ours of them', () => {
    const [partition] = readFetch(Reader.from(fetchReply())).partitions;
    assert.deepEqual(
      partition.records.map(({ offset, value }) => [offset, `${value}`]),
      [
        [40n, 'one'],
        [41n, 'two'],
      ],
    );
    assert.deepEqual(partition.records[0].headers, [[Buffer.from('h'), Buffer.from('v')]]);
    assert.deepEqual(partition.acquired, [{ first: 41n, last: 41n, deliveryCount: 3 }]);
  });

  it('leaves other partitions out', () => {
    assert.deepEqual(readFetch(Reader.from(fetchReply(1))).partitions, []);
  });

  it('reads an acknowledgement', () => {
    const { message: words, partitions } = readAcknowledge(Reader.from(acknowledgeReply()));
    assert.deepEqual([words, partitions[0].topicId, partitions[0].errorCode], ['words', TOPIC_ID, 0]);
  });

  for (const { name, bytes, read } of REPLIES) {
    it(`is done quickly with a ${name} reply that is cut or damaged`, () => {
      const startMs = performance.now();
      const attempt = (broken: Buffer) => {
        try {
          read(Reader.from(broken));
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      };
      for (let length = 0; length < bytes.length; length++) attempt(bytes.subarray(0, length));
      for (let at = 0; at < bytes.length; at++) {
        for (const mask of [0x01, 0x7f, 0x80, 0xff]) {
          const flipped = Buffer.from(bytes);
          flipped[at] ^= mask;
          attempt(flipped);
        }
      }
      assert.ok(performance.now() - startMs < 20_000);
    });
  }
});
