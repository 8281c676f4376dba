import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MultipleErrors, NetworkError, ProtocolError, UserError } from '@platformatic/kafka';
import { parseOffer, serialiseOffer } from '../../../../src/adapters/cluster/dispatch/offer-json.ts';
import { connectionOptions, parseBroker, shareAccess } from '../../../../src/adapters/cluster/kafka/access.ts';
import { decodeEventCursor, encodeEventCursor } from '../../../../src/adapters/cluster/kafka/event-cursor.ts';
import { parseEvent, serialiseEvent } from '../../../../src/adapters/cluster/kafka/event-json.ts';
import { differences, groupSettings, knownSettings } from '../../../../src/adapters/cluster/kafka/job-settings.ts';
import { explainKafka, hasProtocolCode, isLasting } from '../../../../src/adapters/cluster/kafka/kafka-errors.ts';
import { KafkaEventLog, takePage } from '../../../../src/adapters/cluster/kafka/kafka-event-log.ts';
import { ScenelineError } from '../../../../src/model/errors.ts';
import { event, job, ODD_TEXT } from '../../../contract/samples.ts';

describe('addresses of brokers', () => {
  it('reads names and addresses', () => {
    assert.deepEqual(parseBroker('kafka-1.example:9092'), { host: 'kafka-1.example', port: 9092 });
    assert.deepEqual(parseBroker('[::1]:9092'), { host: '::1', port: 9092 });
  });

  for (const text of [
    '',
    'kafka',
    'kafka:',
    ':9092',
    'kafka:0',
    'kafka:65536',
    'kafka:1:2',
    '::1:9092',
    '[kafka]:1',
    '[::1]',
    'a b:1',
    'u:p@k:1',
    'http://k:1',
    'k:1\n',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseBroker(text), { code: 'SL-101' }));
  }

  it('announces names of servers, never addresses', () => {
    const options = (broker: string) => connectionOptions({ brokers: [broker], clientId: 'c', tls: {} });
    assert.equal(options('kafka:1').tlsServerName, true);
    assert.equal(options('127.0.0.1:1').tlsServerName, false);
    assert.throws(() => connectionOptions({ brokers: [], clientId: 'c' }), { code: 'SL-101' });
    assert.deepEqual(shareAccess({ brokers: ['k:1'], clientId: 'c' }).options, { tls: undefined, tlsServerName: undefined, sasl: undefined });
  });
});

describe('cursors of events', () => {
  it('come back as they were', () => {
    const place = new Map([
      [0, 5],
      [3, 2 ** 40],
    ]);
    assert.deepEqual(decodeEventCursor('id', encodeEventCursor('id', place)), place);
    assert.deepEqual(decodeEventCursor('id', null), new Map());
  });

  const made = encodeEventCursor('id', new Map([[0, 5]]));
  const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const wrong = [
    '',
    'x',
    text(null),
    text({}),
    text(['events']),
    text(['jobs', 'id']),
    text(['events', 'id', [0]]),
    text(['events', 'id', [0, -1]]),
    text(['events', 'id', [0, '1']]),
  ];
  for (const cursor of [...wrong, made.slice(0, -3), 'A'.repeat(1_000_000)]) {
    it(`refuses ${cursor.slice(0, 40)}`, () => assert.throws(() => decodeEventCursor('id', cursor), { code: 'SL-101' }));
  }
  it('do not fit a topic that was made anew', () => assert.throws(() => decodeEventCursor('other', made), { code: 'SL-101' }));
});

describe('events', () => {
  it('come back as they were, with whatever text', () => {
    const odd = event('1', { type: 'chunk.proven', data: JSON.parse(`{"__proto__":1,"text":${JSON.stringify(ODD_TEXT)},"list":[null,{"a":0.1}]}`) });
    assert.deepEqual(parseEvent(serialiseEvent(odd)), odd);
  });

  it('are passed over when they are not known here', () => {
    const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
    for (const change of [{ version: 2 }, { type: 'title.burnt' }, { id: '' }, { atMs: -1 }, { data: null }, { data: [] }, { titleId: 7 }]) {
      assert.equal(parseEvent(bytes({ ...event('1'), ...change })), null, JSON.stringify(change));
    }
    for (const text of ['', 'null', '[]', '{', '"x"', '{"id":', '[['.repeat(50_000)]) assert.equal(parseEvent(Buffer.from(text)), null);
    assert.equal(parseEvent(Buffer.from([0xff, 0xfe, 0])), null);
    assert.deepEqual(parseEvent(bytes({ ...event('1'), extra: 1 })), event('1'));
  });

  it('are not sent when nobody could read them', () => {
    assert.throws(() => serialiseEvent(event('')), { code: 'SL-901' });
    assert.throws(() => serialiseEvent(event('1', { atMs: Number.NaN })), { code: 'SL-901' });
  });

  it('are read in pages of one and more', async () => {
    const log = new KafkaEventLog({ brokers: ['127.0.0.1:1'], clientId: 'test' }, 'events');
    await assert.rejects(log.read(null, 0), RangeError);
    await log.close();
  });
});

describe('a page of several partitions', () => {
  const records = (...times: [number, number, string | null][]) =>
    times.map(([offset, timestampMs, id]) => ({ offset, timestampMs, value: id === null ? Buffer.from('?') : serialiseEvent(event(id)) }));
  const ids = ({ events }: { events: readonly { id: string }[] }) => events.map(({ id }) => id);

  it('is in order of arrival, and keeps its place in each', () => {
    const pages = [
      { partition: 0, records: records([7, 10, 'a'], [8, 30, 'c']), nextOffset: 9 },
      { partition: 1, records: records([0, 20, 'b'], [1, 40, 'd']), nextOffset: 5 },
    ];
    const first = takePage(pages, new Map([[0, 7]]), 3);
    assert.deepEqual(
      [ids(first), [...first.place]],
      [
        ['a', 'b', 'c'],
        [
          [0, 9],
          [1, 1],
        ],
      ],
    );
    const all = takePage(pages, new Map([[0, 7]]), 9);
    assert.deepEqual(
      [ids(all), [...all.place]],
      [
        ['a', 'b', 'c', 'd'],
        [
          [0, 9],
          [1, 5],
        ],
      ],
    );
  });

  it('never puts an event before an earlier one of its partition, whatever the clocks said', () => {
    const pages = [
      { partition: 0, records: records([0, 90, 'a'], [1, 10, 'b']), nextOffset: 2 },
      { partition: 1, records: records([0, 50, 'c']), nextOffset: 1 },
    ];
    assert.deepEqual(ids(takePage(pages, new Map(), 9)), ['c', 'a', 'b']);
  });

  it('goes on behind what it passes over', () => {
    const strange = takePage([{ partition: 0, records: records([4, 1, null]), nextOffset: 6 }], new Map([[0, 4]]), 9);
    assert.deepEqual([strange.events, [...strange.place], strange.isFurther], [[], [[0, 6]], true]);
    const nothing = takePage([{ partition: 0, records: [], nextOffset: 0 }], new Map(), 9);
    assert.deepEqual([[...nothing.place], nothing.isFurther], [[], false]);
  });
});

describe('settings', () => {
  const wanted = groupSettings({ topic: 't', deadLetterTopic: 'dlq.t', lockMs: 15_000, deliveryLimit: 5 });

  it('leaves out what a broker of 4.2 does not know', () => {
    const old = { 'share.auto.offset.reset': 'latest', 'share.isolation.level': 'read_uncommitted', 'share.record.lock.duration.ms': '30000' };
    const { settings, missing } = knownSettings(wanted, old);
    assert.deepEqual([Object.keys(settings), missing], [Object.keys(old), []]);
  });

  it('names what cannot be done without', () => {
    assert.deepEqual(knownSettings(wanted, {}).missing, ['share.auto.offset.reset', 'share.isolation.level', 'share.record.lock.duration.ms']);
  });

  it('says what is wrong in a line each', () => {
    assert.deepEqual(differences('topic t', { a: '1', b: '2', c: '3' }, { a: '1', b: '3' }), [
      'topic t: b is "3", must be "2"',
      'topic t: c is not known to this broker, must be "3"',
    ]);
  });
});

describe('errors of the client library', () => {
  const wrapped = (error: Error) => new MultipleErrors('outer', [new MultipleErrors('inner', [error])]);

  it('become errors of ours by their innermost reason', () => {
    const code = (error: unknown) => explainKafka(error, 'x').code;
    assert.equal(code(wrapped(new ProtocolError(29))), 'SL-152');
    assert.equal(code(new NetworkError('n', { cause: new UserError('Broker requires TLS.') })), 'SL-152');
    assert.equal(code(wrapped(new ProtocolError(40, 'no such value'))), 'SL-153');
    assert.equal(code(wrapped(new NetworkError('gone'))), 'SL-151');
    assert.equal(code('text'), 'SL-151');
    const own = new ScenelineError('SL-101', 'own');
    assert.equal(explainKafka(own, 'x'), own);
    assert.match(explainKafka(wrapped(new ProtocolError(40, 'no such value')), 'setting').message, /setting failed.*no such value/);
  });

  it('last or pass', () => {
    assert.deepEqual(
      [isLasting(wrapped(new ProtocolError(29))), isLasting(new NetworkError('gone')), hasProtocolCode(wrapped(new ProtocolError(36)), 36)],
      [true, false, true],
    );
  });
});

describe('offers', () => {
  const offer = { ...job('film', 7, { exclusiveKey: ODD_TEXT }), fence: 3 };
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

  it('come back as they were', () => {
    for (const exclusiveKey of [ODD_TEXT, null]) assert.deepEqual(parseOffer(serialiseOffer({ ...offer, exclusiveKey })), { ...offer, exclusiveKey });
  });

  it('are none when they are not known here', () => {
    const changes = [
      { version: 2 },
      { id: '' },
      { id: 'x'.repeat(2000) },
      { kind: 'burn' },
      { part: null },
      { part: { index: -1 } },
      { part: { index: 0.5 } },
      { fence: -1 },
      { fence: '0' },
      { exclusiveKey: '' },
      { priority: null },
    ];
    for (const change of changes) assert.equal(parseOffer(bytes({ version: 1, ...offer, ...change })), null, JSON.stringify(change).slice(0, 60));
    for (const text of ['', 'null', '[]', '{', '"x"', '{"version":1}', '[['.repeat(50_000)]) assert.equal(parseOffer(Buffer.from(text)), null);
    assert.equal(parseOffer(Buffer.from([0xff, 0xfe, 0])), null);
    assert.deepEqual(parseOffer(bytes({ version: 1, ...offer, extra: 1 })), offer);
  });
});
