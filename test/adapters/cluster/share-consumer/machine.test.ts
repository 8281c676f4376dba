import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gives, LOCK_MS, MachineDriver, outcomes, record, TOPIC_ID } from './machine-driver.ts';

const joined = () => new MachineDriver().join();
const wants = (commands: readonly { do: string }[], what: string) => commands.filter((command) => command.do === what).length;

describe('joining', () => {
  it('heartbeats with epoch 0 and then with the epoch it was given', () => {
    const driver = new MachineDriver();
    assert.deepEqual(driver.event({ on: 'time' }), [
      { do: 'connect', link: 'control' },
      { do: 'connect', link: 'data' },
    ]);
    driver.event({ on: 'up', link: 'control' });
    assert.deepEqual(driver.request('heartbeat'), { kind: 'heartbeat', epoch: 0, isSubscribing: true });
    assert.deepEqual(driver.heartbeat({ topicIds: null, memberEpoch: 1 }), []);
    driver.pass(100);
    assert.deepEqual(driver.request('heartbeat'), { kind: 'heartbeat', epoch: 1, isSubscribing: false });
    assert.deepEqual(outcomes(driver.heartbeat({ memberEpoch: 2 })), [{ do: 'joined' }]);
    assert.equal(wants(driver.pass(4999), 'send'), 0);
    driver.pass(1);
    assert.equal(driver.request('heartbeat').epoch, 2);
  });

  for (const code of [14, 15, 16]) {
    it(`looks for the coordinator again on ${code}, with growing pauses`, () => {
      const driver = new MachineDriver();
      driver.event({ on: 'time' });
      for (const pauseMs of [0, 50, 100, 200]) {
        driver.event({ on: 'up', link: 'control' });
        const commands = driver.heartbeat({ errorCode: code });
        assert.equal(wants(commands, 'drop'), 1);
        if (pauseMs > 0) assert.equal(wants(driver.pass(pauseMs - 1), 'connect'), 0);
        assert.equal(wants([...commands, ...driver.pass(pauseMs > 0 ? 1 : 0)], 'connect'), 1);
      }
    });
  }

  for (const code of [25, 69, 110]) {
    it(`joins anew on ${code} and keeps its locks`, () => {
      const driver = joined();
      const lockId = driver.hold();
      driver.pass(2999);
      driver.pass(1);
      driver.acknowledge();
      driver.pass(2000);
      const commands = driver.heartbeat({ errorCode: code });
      assert.equal(wants(commands, 'lost'), 0);
      assert.deepEqual(driver.request('heartbeat'), { kind: 'heartbeat', epoch: 0, isSubscribing: true });
      assert.deepEqual(outcomes(driver.heartbeat({ memberEpoch: 1, topicIds: null })), []);
      driver.event({ on: 'settle', lockId, settlement: 'accept' });
      assert.deepEqual(outcomes(driver.acknowledge()), [{ do: 'settled', lockId }]);
    });
  }

  it('tells when it is refused, and goes on asking slowly', () => {
    const driver = new MachineDriver();
    driver.event({ on: 'time' });
    driver.event({ on: 'up', link: 'control' });
    const refused = outcomes(driver.heartbeat({ errorCode: 30, message: 'no' }));
    assert.deepEqual(refused, [{ do: 'report', what: 'heartbeat', code: 30, message: 'no', isRefused: true }]);
  });

  it('drops a coordinator that does not answer', () => {
    const driver = new MachineDriver();
    driver.event({ on: 'time' });
    driver.event({ on: 'up', link: 'control' });
    assert.deepEqual(
      driver.pass(15_000).filter(({ do: what }) => what !== 'send'),
      [
        { do: 'drop', link: 'control' },
        { do: 'connect', link: 'control' },
      ],
    );
  });
});

describe('polling', () => {
  it('opens a session with epoch 0 and counts on', () => {
    const driver = joined();
    driver.event({ on: 'poll', waitMs: 1500 });
    assert.deepEqual(driver.request('fetch'), { kind: 'fetch', epoch: 0, add: [TOPIC_ID], forget: [], max: 1, waitMs: 1000 });
    driver.nowMs += 1000;
    driver.fetch();
    assert.deepEqual(driver.request('fetch'), { kind: 'fetch', epoch: 1, add: [], forget: [], max: 1, waitMs: 500 });
    driver.nowMs += 500;
    assert.deepEqual(driver.fetch(), [{ do: 'nothing' }]);
  });

  it('asks once even when there is no time to wait', () => {
    const driver = joined();
    driver.event({ on: 'poll', waitMs: 0 });
    assert.equal(driver.request('fetch').waitMs, 0);
    assert.equal(wants(driver.fetch([gives(0n)]), 'deliver'), 1);
  });

  it('takes of whole batches only what is acquired', () => {
    const driver = joined();
    driver.event({ on: 'poll', waitMs: 1000 });
    const batch = { ...gives(), records: [1n, 2n, 3n].map(record), acquired: [{ first: 2n, last: 2n, deliveryCount: 4 }] };
    assert.deepEqual(driver.fetch([batch]), [{ do: 'deliver', lockId: 1, record: record(2n), deliveryCount: 4 }]);
  });

  it('settles gaps and goes on waiting', () => {
    const driver = joined();
    driver.event({ on: 'poll', waitMs: 1000 });
    const batch = { ...gives(), records: [record(4n)], acquired: [{ first: 2n, last: 2n, deliveryCount: 1 }] };
    assert.deepEqual(outcomes(driver.fetch([batch])), []);
    assert.deepEqual(driver.request('acknowledge'), { kind: 'acknowledge', epoch: 1, place: { topicId: TOPIC_ID, first: 2n, last: 2n }, type: 'gap' });
    driver.acknowledge(121);
    assert.equal(wants(driver.fetch([gives(4n)]), 'deliver'), 1);
  });

  it('counts the lock of a late reply from when the broker must have sent it', () => {
    const driver = joined();
    driver.event({ on: 'poll', waitMs: 1000 });
    driver.nowMs += 1000 + LOCK_MS - 100;
    const [delivered] = outcomes(driver.fetch([gives(1n)]));
    assert.equal(delivered.do, 'deliver');
    assert.equal(driver.request('acknowledge').type, 'renew');
    assert.equal(wants(driver.pass(100), 'lost'), 1);
  });

  it('takes nothing from a reply that is older than a lock', () => {
    const driver = joined();
    driver.event({ on: 'poll', waitMs: 1000 });
    driver.nowMs += 1000 + LOCK_MS;
    assert.deepEqual(outcomes(driver.fetch([gives(1n)])), [{ do: 'nothing' }]);
  });

  it('survives absurd ranges', () => {
    const driver = joined();
    driver.event({ on: 'poll', waitMs: 1000 });
    driver.fetch([
      {
        ...gives(),
        acquired: [
          { first: 0n, last: 2n ** 62n, deliveryCount: 1 },
          { first: 9n, last: 3n, deliveryCount: 1 },
        ],
      },
    ]);
    assert.equal(driver.request('acknowledge').place?.last, 2n ** 62n);
  });

  it('gives back what it did not ask for', () => {
    const driver = joined();
    driver.event({ on: 'poll', waitMs: 1000 });
    assert.equal(wants(driver.fetch([gives(1n, 2n)]), 'deliver'), 1);
    assert.deepEqual([driver.request('acknowledge').type, driver.request('acknowledge').place?.first], ['release', 2n]);
  });

  it('follows a topic that was made anew', () => {
    const driver = joined();
    driver.event({ on: 'poll', waitMs: 10_000 });
    driver.pass(900);
    driver.fetch();
    driver.pass(900);
    driver.fetch();
    driver.nowMs = 6000;
    driver.event({ on: 'time' });
    driver.heartbeat({ topicIds: ['other'] });
    driver.fetch();
    assert.deepEqual([driver.request('fetch').add, driver.request('fetch').forget], [['other'], [TOPIC_ID]]);
  });

  it('ends in time while the cluster is away', () => {
    const driver = joined();
    driver.event({ on: 'poll', waitMs: 5000 });
    driver.down('data');
    assert.deepEqual(outcomes(driver.pass(4999)), []);
    assert.deepEqual(outcomes(driver.pass(1)), [{ do: 'nothing' }]);
  });

  for (const code of [3, 5, 6, 74, 100]) {
    it(`looks for the leader again on ${code}`, () => {
      const driver = joined();
      driver.event({ on: 'poll', waitMs: 5000 });
      const commands = driver.fetch([{ ...gives(), errorCode: code }]);
      assert.deepEqual(
        commands.map(({ do: what }) => what),
        ['report', 'drop', 'connect'],
      );
    });
  }

  for (const code of [24, 29, 30, 35, 42]) {
    it(`ends with the error on ${code}`, () => {
      const driver = joined();
      driver.event({ on: 'poll', waitMs: 5000 });
      assert.deepEqual(driver.fetch([], { errorCode: code }), [{ do: 'report', what: 'fetch', code, message: null, isRefused: true }]);
      assert.equal(wants(driver.pass(4000), 'send'), 0);
    });
  }

  for (const code of [133, -1, 7]) {
    it(`asks again after a pause on ${code}`, () => {
      const driver = joined();
      driver.event({ on: 'poll', waitMs: 5000 });
      driver.fetch([], { errorCode: code });
      assert.equal(driver.request('fetch').epoch, 0);
      const report = outcomes(driver.fetch([], { errorCode: code }));
      assert.deepEqual(report, [{ do: 'report', what: 'fetch', code, message: null, isRefused: false }]);
      assert.equal(wants(driver.pass(49), 'send'), 0);
      assert.equal(wants(driver.pass(1), 'send'), 1);
    });
  }
});

describe('holding', () => {
  it('renews every third of a lock, counted from when a renewal was sent', () => {
    const driver = joined();
    driver.hold();
    for (let i = 0; i < 40; i++) {
      assert.equal(wants(driver.pass(LOCK_MS / 3 - 1), 'lost'), 0);
      driver.pass(1);
      assert.equal(driver.request('acknowledge').type, 'renew');
      assert.deepEqual(driver.acknowledge(), []);
      if (driver.open.control) driver.heartbeat();
    }
  });

  for (const [settlement, epoch] of [
    ['accept', 1],
    ['release', 1],
    ['reject', 1],
  ] as const) {
    it(`settles by ${settlement}`, () => {
      const driver = joined();
      const lockId = driver.hold();
      driver.event({ on: 'settle', lockId, settlement });
      assert.deepEqual(driver.request('acknowledge'), { kind: 'acknowledge', epoch, place: { topicId: TOPIC_ID, first: 5n, last: 5n }, type: settlement });
      assert.deepEqual(driver.acknowledge(), [{ do: 'settled', lockId }]);
    });
  }

  for (const code of [121, 3, 42, 29, 100, 99]) {
    it(`loses a record whose acknowledgement gets ${code}`, () => {
      const driver = joined();
      const lockId = driver.hold();
      driver.pass(LOCK_MS / 3);
      assert.deepEqual(driver.acknowledge(code), [{ do: 'lost', lockId, reason: 'refused', code }]);
    });
  }

  for (const code of [-1, 7, 14, 15, 16]) {
    it(`repeats a decision that gets ${code}, until the lock ends`, () => {
      const driver = joined();
      const lockId = driver.hold();
      driver.event({ on: 'settle', lockId, settlement: 'accept' });
      for (let lost = 0; lost === 0; ) {
        assert.ok(driver.nowMs <= 1000 + LOCK_MS);
        if (driver.open.data) driver.acknowledge(code);
        lost = wants(driver.pass(driver.open.data ? 0 : 50), 'lost');
      }
      assert.ok(driver.nowMs >= 1000 + LOCK_MS);
    });
  }

  it('asks again when a reply does not speak of the record', () => {
    const driver = joined();
    const lockId = driver.hold();
    driver.event({ on: 'settle', lockId, settlement: 'accept' });
    assert.deepEqual(outcomes(driver.acknowledge(0, { partitions: [] })), [
      { do: 'report', what: 'accept', code: -1, message: 'no word about the record', isRefused: false },
    ]);
    assert.deepEqual(driver.acknowledge(), [{ do: 'settled', lockId }]);
  });

  it('keeps locks over 123, and repeats the decision in a new session', () => {
    const driver = joined();
    const lockId = driver.hold();
    driver.event({ on: 'settle', lockId, settlement: 'accept' });
    assert.equal(wants(driver.acknowledge(0, { errorCode: 123 }), 'lost'), 0);
    assert.deepEqual(driver.request('fetch'), { kind: 'fetch', epoch: 0, add: [TOPIC_ID], forget: [], max: 0, waitMs: 0 });
    driver.fetch();
    assert.deepEqual([driver.request('acknowledge').epoch, driver.request('acknowledge').type], [1, 'accept']);
    assert.deepEqual(driver.acknowledge(), [{ do: 'settled', lockId }]);
  });

  it('loses all locks with 122 and opens a new session', () => {
    const driver = joined();
    const lockId = driver.hold();
    driver.event({ on: 'poll', waitMs: 1000 });
    assert.deepEqual(outcomes(driver.fetch([], { errorCode: 122 })).at(-1), { do: 'lost', lockId, reason: 'session', code: 122 });
    assert.equal(driver.request('fetch').epoch, 0);
  });

  it('rejoins and keeps the session when a fetch says that the member is unknown', () => {
    const driver = joined();
    driver.hold();
    driver.event({ on: 'poll', waitMs: 1000 });
    assert.equal(wants(driver.fetch([], { errorCode: 25 }), 'lost'), 0);
    assert.equal(driver.request('heartbeat').epoch, 0);
    assert.equal(driver.request('fetch').epoch, 1);
  });

  it('loses all locks with the connection, at once', () => {
    const driver = joined();
    const lockId = driver.hold();
    assert.deepEqual(driver.down('data'), [
      { do: 'lost', lockId, reason: 'connection', code: null },
      { do: 'connect', link: 'data' },
    ]);
    driver.event({ on: 'up', link: 'data' });
    driver.event({ on: 'poll', waitMs: 1000 });
    assert.equal(driver.request('fetch').epoch, 0);
  });

  it('loses a lock, and the connection, when nothing answers for its whole length', () => {
    const driver = joined();
    const lockId = driver.hold();
    assert.equal(wants(driver.pass(LOCK_MS - 1), 'lost'), 0);
    const commands = driver.pass(1);
    assert.deepEqual(
      commands.filter(({ do: what }) => what === 'lost'),
      [{ do: 'lost', lockId, reason: 'no-answer', code: null }],
    );
    assert.ok(commands.some((command) => command.do === 'drop' && command.link === 'data'));
  });

  it('raises the loss first when it wakes after being frozen', () => {
    const driver = joined();
    const lockId = driver.hold();
    driver.nowMs += LOCK_MS * 3;
    const commands = driver.event({ on: 'settle', lockId, settlement: 'accept' });
    assert.deepEqual(outcomes(commands), [{ do: 'lost', lockId, reason: 'no-answer', code: null }]);
    assert.equal(
      wants(
        commands.filter((command) => command.do === 'send' && command.link === 'data'),
        'send',
      ),
      0,
    );
  });

  it('keeps fetches short, so that renewals and decisions do not wait', () => {
    const driver = joined();
    driver.hold();
    driver.event({ on: 'poll', waitMs: 60_000 });
    assert.equal(driver.request('fetch').waitMs, 200);
    driver.nowMs += LOCK_MS / 3 - 50;
    driver.fetch();
    assert.equal(driver.request('fetch').waitMs, 50);
  });

  it('sends one request at a time', () => {
    const driver = joined();
    const first = driver.hold(1n);
    const second = driver.hold(2n);
    const sent = [first, second].map((lockId) => wants(driver.event({ on: 'settle', lockId, settlement: 'accept' }), 'send'));
    assert.deepEqual(sent, [1, 0]);
    driver.acknowledge();
    assert.equal(driver.request('acknowledge').place?.first, 2n);
  });

  it('does not take a late reply for that of another request', () => {
    const driver = joined();
    driver.hold();
    const stray = { kind: 'acknowledge', errorCode: 0, message: null, partitions: [] } as const;
    assert.deepEqual(driver.event({ on: 'reply', reply: stray }), []);
  });
});

describe('closing', () => {
  it('gives back what is held and says goodbye to leader and coordinator', () => {
    const driver = joined();
    const lockId = driver.hold();
    assert.deepEqual(outcomes(driver.event({ on: 'close' })), [{ do: 'lost', lockId, reason: 'closed', code: null }]);
    assert.deepEqual(driver.request('acknowledge'), { kind: 'acknowledge', epoch: -1, place: null, type: 'gap' });
    assert.equal(driver.request('heartbeat').epoch, -1);
    driver.heartbeat({ memberEpoch: -1, topicIds: null });
    const commands = driver.acknowledge(0, { partitions: [] });
    assert.deepEqual(
      commands.map(({ do: what }) => what),
      ['drop', 'drop', 'closed'],
    );
    assert.equal(driver.machine.wakeAtMs(driver.nowMs), Number.POSITIVE_INFINITY);
    assert.deepEqual(driver.event({ on: 'poll', waitMs: 1 }), []);
  });

  it('settles what was decided first', () => {
    const driver = joined();
    const lockId = driver.hold();
    driver.event({ on: 'settle', lockId, settlement: 'accept' });
    assert.deepEqual(outcomes(driver.event({ on: 'close' })), []);
    assert.deepEqual(outcomes(driver.acknowledge()), [{ do: 'settled', lockId }]);
    assert.equal(driver.request('acknowledge').epoch, -1);
  });

  it('releases what an open fetch still brings, by leaving', () => {
    const driver = joined();
    driver.event({ on: 'poll', waitMs: 1000 });
    assert.deepEqual(outcomes(driver.event({ on: 'close' })), [{ do: 'nothing' }]);
    driver.fetch([gives(1n)]);
    assert.equal(driver.request('acknowledge').type, 'release');
    driver.acknowledge();
    assert.equal(driver.request('acknowledge').epoch, -1);
  });

  it('says goodbye also when it was let in while it closed', () => {
    const driver = new MachineDriver();
    driver.event({ on: 'time' });
    driver.event({ on: 'up', link: 'control' });
    driver.event({ on: 'close' });
    driver.heartbeat({ memberEpoch: 1 });
    assert.equal(driver.request('heartbeat').epoch, -1);
  });

  it('gives up after five seconds', () => {
    const driver = joined();
    driver.hold();
    driver.event({ on: 'close' });
    assert.equal(wants(driver.pass(4999), 'closed'), 0);
    assert.equal(wants(driver.pass(1), 'closed'), 1);
  });

  it('is done at once where nothing is connected', () => {
    const driver = new MachineDriver();
    driver.event({ on: 'time' });
    assert.equal(wants(driver.event({ on: 'close' }), 'closed'), 1);
  });
});
