import assert from 'node:assert/strict';
import { ShareMachine } from '../../../../src/adapters/cluster/share-consumer/machine.ts';
import type {
  AcknowledgeReply,
  FetchedPartition,
  FetchReply,
  HeartbeatReply,
  LinkName,
  ShareCommand,
  ShareEvent,
  ShareRecord,
  ShareRequest,
} from '../../../../src/adapters/cluster/share-consumer/messages.ts';

export const TOPIC_ID = '00000000-0000-4000-8000-000000000001';
export const LOCK_MS = 9000;

export function record(offset: bigint): ShareRecord {
  return { offset, key: null, value: Buffer.from(`job ${offset}`), headers: [] };
}

/** A partition that gives these offsets, each once. */
export function gives(...offsets: bigint[]): FetchedPartition {
  const acquired = offsets.map((offset) => ({ first: offset, last: offset, deliveryCount: 1 }));
  return { topicId: TOPIC_ID, errorCode: 0, message: null, records: offsets.map(record), acquired };
}

/** Plays broker and clock for a machine, one step at a time, and keeps what it wants done. */
export class MachineDriver {
  readonly machine = new ShareMachine(() => 0);
  nowMs = 1000;
  commands: ShareCommand[] = [];
  readonly open: { [name in LinkName]?: ShareRequest } = {};

  /** Commands of this step. */
  event(event: ShareEvent): ShareCommand[] {
    const commands = this.machine.handle(event, this.nowMs);
    for (const command of commands) {
      if (command.do === 'send') this.open[command.link] = command.request;
      if (command.do === 'drop') delete this.open[command.link];
    }
    this.commands.push(...commands);
    return commands;
  }

  /** Lets time pass, in the steps that the machine asks for. */
  pass(ms: number): ShareCommand[] {
    const endMs = this.nowMs + ms;
    const seen: ShareCommand[] = [];
    for (;;) {
      const wakeAtMs = this.machine.wakeAtMs(this.nowMs);
      assert.ok(wakeAtMs > this.nowMs, 'the machine would wake for ever at the same time');
      if (wakeAtMs > endMs) break;
      this.nowMs = wakeAtMs;
      seen.push(...this.event({ on: 'time' }));
    }
    this.nowMs = endMs;
    return seen;
  }

  /** The request that waits on a link; fails when there is none of that kind. */
  request<Kind extends ShareRequest['kind']>(kind: Kind): ShareRequest & { kind: Kind } {
    const request = this.open[kind === 'heartbeat' ? 'control' : 'data'];
    assert.equal(request?.kind, kind, `${kind} expected, ${JSON.stringify(this.open, (_, value) => (typeof value === 'bigint' ? `${value}` : value))} open`);
    return request as ShareRequest & { kind: Kind };
  }

  heartbeat(change: Partial<HeartbeatReply> = {}): ShareCommand[] {
    this.request('heartbeat');
    delete this.open.control;
    const reply = { errorCode: 0, message: null, memberEpoch: 7, intervalMs: 5000, topicIds: [TOPIC_ID] };
    return this.event({ on: 'reply', reply: { kind: 'heartbeat', ...reply, ...change } });
  }

  fetch(partitions: readonly FetchedPartition[] = [], change: Partial<FetchReply> = {}): ShareCommand[] {
    this.request('fetch');
    delete this.open.data;
    return this.event({ on: 'reply', reply: { kind: 'fetch', errorCode: 0, message: null, lockMs: LOCK_MS, partitions, ...change } });
  }

  /** `code` is about the record. */
  acknowledge(code = 0, change: Partial<AcknowledgeReply> = {}): ShareCommand[] {
    this.request('acknowledge');
    delete this.open.data;
    const partitions = [{ topicId: TOPIC_ID, errorCode: code, message: null }];
    return this.event({ on: 'reply', reply: { kind: 'acknowledge', errorCode: 0, message: null, partitions, ...change } });
  }

  down(link: LinkName): ShareCommand[] {
    delete this.open[link];
    return this.event({ on: 'down', link });
  }

  /** Up to a member that has its topic. */
  join(): this {
    this.event({ on: 'time' });
    this.event({ on: 'up', link: 'control' });
    this.event({ on: 'up', link: 'data' });
    this.heartbeat();
    return this;
  }

  /** A record held under the lock whose id is returned. */
  hold(offset = 5n): number {
    this.event({ on: 'poll', waitMs: 1000 });
    const delivered = this.fetch([gives(offset)]).find((command) => command.do === 'deliver');
    assert.ok(delivered);
    return delivered.lockId;
  }
}

/** What of some commands is not about connections and requests. */
export function outcomes(commands: readonly ShareCommand[]): ShareCommand[] {
  return commands.filter((command) => !['send', 'connect', 'drop'].includes(command.do));
}
