import type { AcknowledgeReply, FetchReply, HeartbeatReply, ShareReply, ShareRequest } from '../../../../src/adapters/cluster/share-consumer/messages.ts';
import { gives, TOPIC_ID } from './machine-driver.ts';

type Row = { state: 'ready' | 'held' | 'accepted'; holder: string; untilMs: number; deliveries: number };

/** What a broker does with locks, sessions and members, as measured on real ones; on a clock of the test's own. */
export class ModelBroker {
  readonly lockMs: number;
  readonly rows: Row[];
  readonly refusals = new Set<number>();
  readonly #sessions = new Map<string, { connection: number; epoch: number }>();
  readonly #members = new Set<string>();

  constructor(records: number, lockMs: number) {
    this.lockMs = lockMs;
    this.rows = Array.from({ length: records }, () => ({ state: 'ready', holder: '', untilMs: 0, deliveries: 0 }));
  }

  /** Whether a fetch would get something. */
  hasReady(nowMs: number): boolean {
    return this.rows.some((row) => row.state === 'ready' || (row.state === 'held' && nowMs >= row.untilMs));
  }

  answer(member: string, connection: number, request: ShareRequest, nowMs: number): ShareReply {
    const reply = this.#answer(member, connection, request, nowMs);
    const codes = [reply.errorCode, ...(reply.kind === 'heartbeat' ? [] : reply.partitions.map(({ errorCode }) => errorCode))];
    for (const code of codes) if (code !== 0) this.refusals.add(code);
    return reply;
  }

  /** The session of a connection, and the locks of its member, end with it. */
  closed(connection: number): void {
    for (const [member, session] of this.#sessions) if (session.connection === connection) this.#endSession(member);
  }

  /** Things that brokers do: the group forgets a member, a session is evicted, its epoch is not the one that the member knows. */
  disturb(member: string, what: 'membership' | 'session' | 'epoch'): void {
    const session = this.#sessions.get(member);
    if (what === 'membership') this.#members.delete(member);
    else if (what === 'session') this.#endSession(member);
    else if (session) session.epoch += 1;
  }

  #answer(member: string, connection: number, request: ShareRequest, nowMs: number): ShareReply {
    if (request.kind === 'heartbeat') return this.#heartbeat(member, request);
    const errorCode = this.#enter(member, connection, request);
    if (request.kind === 'fetch') {
      const partitions = errorCode === 0 && request.max === 1 ? this.#acquire(member, nowMs) : [];
      return { kind: 'fetch', errorCode, message: null, lockMs: this.lockMs, partitions } satisfies FetchReply;
    }
    const code = errorCode === 0 && request.place ? this.#acknowledge(member, request, nowMs) : 0;
    return { kind: 'acknowledge', errorCode, message: null, partitions: [{ topicId: TOPIC_ID, errorCode: code, message: null }] } satisfies AcknowledgeReply;
  }

  #heartbeat(member: string, { epoch }: ShareRequest & { kind: 'heartbeat' }): HeartbeatReply {
    if (epoch === 0) this.#members.add(member);
    const errorCode = this.#members.has(member) ? 0 : 25;
    if (epoch === -1) this.#members.delete(member);
    return { kind: 'heartbeat', errorCode, message: null, memberEpoch: epoch === -1 ? -1 : epoch + 1, intervalMs: 5000, topicIds: [TOPIC_ID] };
  }

  #enter(member: string, connection: number, request: ShareRequest): number {
    const session = this.#sessions.get(member);
    if (request.kind === 'fetch' && request.epoch === 0) {
      this.#sessions.set(member, { connection, epoch: 1 });
      return 0;
    }
    if (!session) return 122;
    if (request.epoch === -1) {
      this.#endSession(member);
      return 0;
    }
    if (session.epoch !== request.epoch) return 123;
    session.epoch += 1;
    return 0;
  }

  #endSession(member: string): void {
    this.#sessions.delete(member);
    for (const row of this.rows) if (row.state === 'held' && row.holder === member) row.state = 'ready';
  }

  #acquire(member: string, nowMs: number): FetchReply['partitions'] {
    const offset = this.rows.findIndex((row) => row.state === 'ready' || (row.state === 'held' && nowMs >= row.untilMs));
    if (offset === -1) return [];
    const deliveries = this.rows[offset].deliveries + 1;
    this.rows[offset] = { state: 'held', holder: member, untilMs: nowMs + this.lockMs, deliveries };
    return [gives(BigInt(offset))];
  }

  #acknowledge(member: string, { place, type }: ShareRequest & { kind: 'acknowledge' }, nowMs: number): number {
    const row = this.rows[Number(place?.first)];
    if (row?.state !== 'held' || row.holder !== member || nowMs >= row.untilMs) return 121;
    if (type === 'renew') row.untilMs = nowMs + this.lockMs;
    else row.state = type === 'accept' ? 'accepted' : 'ready';
    return 0;
  }
}
