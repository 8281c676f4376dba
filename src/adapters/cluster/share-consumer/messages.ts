/** One job is one record; every job topic has one partition, so that every member of the group gets records of it. */
export const PARTITION = 0;

/** Acknowledgement types of ShareAcknowledge. `gap` settles an offset that was acquired and holds no record: a transaction marker, a compacted record. */
export const ACK_TYPES = { gap: 0, accept: 1, release: 2, reject: 3, renew: 4 } as const;
export type AckType = keyof typeof ACK_TYPES;
export type Settlement = 'accept' | 'release' | 'reject';

/** Offsets `[first, last]`, both included as everywhere in this protocol. */
export type OffsetRange = { readonly first: bigint; readonly last: bigint };

/** What the machine asks of a broker. Member id and group are added on the wire. */
export type ShareRequest =
  | { readonly kind: 'heartbeat'; readonly epoch: number; readonly isSubscribing: boolean }
  /** `add` and `forget` are topic ids; `max` 0 only opens the session. */
  | {
      readonly kind: 'fetch';
      readonly epoch: number;
      readonly add: readonly string[];
      readonly forget: readonly string[];
      readonly max: 0 | 1;
      readonly waitMs: number;
    }
  /** Without a place: epoch -1, which ends the session. */
  | { readonly kind: 'acknowledge'; readonly epoch: number; readonly place: ({ readonly topicId: string } & OffsetRange) | null; readonly type: AckType };

export type HeartbeatReply = {
  readonly kind: 'heartbeat';
  readonly errorCode: number;
  readonly message: string | null;
  readonly memberEpoch: number;
  readonly intervalMs: number;
  /** Topics whose partition is ours; null: as before. */
  readonly topicIds: readonly string[] | null;
};

export type ShareRecord = {
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[];
};

export type FetchedPartition = {
  readonly topicId: string;
  readonly errorCode: number;
  readonly message: string | null;
  /** Whole produced batches, ascending: most are not ours. */
  readonly records: readonly ShareRecord[];
  /** What is locked for us. */
  readonly acquired: readonly (OffsetRange & { readonly deliveryCount: number })[];
};

export type FetchReply = {
  readonly kind: 'fetch';
  readonly errorCode: number;
  readonly message: string | null;
  readonly lockMs: number;
  readonly partitions: readonly FetchedPartition[];
};

export type AcknowledgeReply = {
  readonly kind: 'acknowledge';
  readonly errorCode: number;
  readonly message: string | null;
  readonly partitions: readonly { readonly topicId: string; readonly errorCode: number; readonly message: string | null }[];
};

export type ShareReply = HeartbeatReply | FetchReply | AcknowledgeReply;

/** `control` goes to the coordinator of the group, `data` to the leader of the partition. */
export type LinkName = 'data' | 'control';

export type LossReason = 'connection' | 'session' | 'no-answer' | 'refused' | 'closed';

/** What happened, for the machine. */
export type ShareEvent =
  | { readonly on: 'up' | 'down'; readonly link: LinkName }
  | { readonly on: 'reply'; readonly reply: ShareReply }
  | { readonly on: 'poll'; readonly waitMs: number }
  | { readonly on: 'settle'; readonly lockId: number; readonly settlement: Settlement }
  | { readonly on: 'close' }
  | { readonly on: 'time' };

/** What the machine wants done. */
export type ShareCommand =
  | { readonly do: 'connect' | 'drop'; readonly link: LinkName }
  | { readonly do: 'send'; readonly link: LinkName; readonly request: ShareRequest }
  /** The group has let us in. */
  | { readonly do: 'joined' }
  /** Ends a poll with a record, locked under `lockId`. */
  | { readonly do: 'deliver'; readonly lockId: number; readonly record: ShareRecord; readonly deliveryCount: number }
  /** Ends a poll without one. */
  | { readonly do: 'nothing' }
  | { readonly do: 'settled'; readonly lockId: number }
  | { readonly do: 'lost'; readonly lockId: number; readonly reason: LossReason; readonly code: number | null }
  /** `isRefused`: repeating does not help; ends a poll with this error. */
  | { readonly do: 'report'; readonly what: string; readonly code: number; readonly message: string | null; readonly isRefused: boolean }
  | { readonly do: 'closed' };
