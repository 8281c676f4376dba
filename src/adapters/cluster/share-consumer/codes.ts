/**
 * What to do about an error code of Kafka's protocol:
 *
 * `rejoin`   heartbeat with epoch 0 under the same member id; locks are not touched
 * `relocate` the broker is not the right one (any more): find the right one and connect anew
 * `reopen`   open a new share session on the same connection; locks survive it
 * `gone`     the share session and all its locks are gone; open a new one
 * `lost`     this record's lock is gone
 * `again`    repeat after a pause
 * `refused`  repeating does not help; somebody has to mend something
 */
export type Verdict = 'rejoin' | 'relocate' | 'reopen' | 'gone' | 'lost' | 'again' | 'refused';

/** Where in the protocol a code arrived: a heartbeat, a whole fetch or acknowledgement, a partition of a fetch, an acknowledged record. */
export type Place = 'heartbeat' | 'session' | 'partition' | 'record';

type Meaning = { readonly name: string } & { readonly [place in Place]?: Verdict };

/** Codes that have a meaning of their own here. Any other code is `again`, for a record `lost`. */
export const CODES: { readonly [code: number]: Meaning } = {
  [-1]: { name: 'UNKNOWN_SERVER_ERROR', record: 'again' },
  3: { name: 'UNKNOWN_TOPIC_OR_PARTITION', partition: 'relocate', record: 'lost' },
  5: { name: 'LEADER_NOT_AVAILABLE', partition: 'relocate' },
  6: { name: 'NOT_LEADER_OR_FOLLOWER', partition: 'relocate', record: 'relocate' },
  7: { name: 'REQUEST_TIMED_OUT', record: 'again' },
  14: { name: 'COORDINATOR_LOAD_IN_PROGRESS', heartbeat: 'relocate', record: 'again' },
  15: { name: 'COORDINATOR_NOT_AVAILABLE', heartbeat: 'relocate', record: 'again' },
  16: { name: 'NOT_COORDINATOR', heartbeat: 'relocate', record: 'again' },
  24: { name: 'INVALID_GROUP_ID', heartbeat: 'refused', session: 'refused' },
  25: { name: 'UNKNOWN_MEMBER_ID', heartbeat: 'rejoin', session: 'rejoin' },
  29: { name: 'TOPIC_AUTHORIZATION_FAILED', heartbeat: 'refused', session: 'refused', partition: 'refused', record: 'lost' },
  30: { name: 'GROUP_AUTHORIZATION_FAILED', heartbeat: 'refused', session: 'refused' },
  35: { name: 'UNSUPPORTED_VERSION', heartbeat: 'refused', session: 'refused' },
  42: { name: 'INVALID_REQUEST', heartbeat: 'refused', session: 'refused', record: 'lost' },
  69: { name: 'GROUP_ID_NOT_FOUND', heartbeat: 'rejoin', session: 'rejoin' },
  74: { name: 'FENCED_LEADER_EPOCH', partition: 'relocate', record: 'relocate' },
  81: { name: 'GROUP_MAX_SIZE_REACHED', heartbeat: 'again' },
  100: { name: 'UNKNOWN_TOPIC_ID', partition: 'relocate', record: 'lost' },
  110: { name: 'FENCED_MEMBER_EPOCH', heartbeat: 'rejoin' },
  121: { name: 'INVALID_RECORD_STATE', record: 'lost' },
  122: { name: 'SHARE_SESSION_NOT_FOUND', session: 'gone' },
  123: { name: 'INVALID_SHARE_SESSION_EPOCH', session: 'reopen' },
  133: { name: 'SHARE_SESSION_LIMIT_REACHED', session: 'again' },
};

/** What to do about a code that is not 0. */
export function verdictOn(place: Place, code: number): Verdict {
  return CODES[code]?.[place] ?? (place === 'record' ? 'lost' : 'again');
}

/** The code and its name, for people. */
export function describeCode(code: number, message: string | null): string {
  return [`${code} ${CODES[code]?.name ?? ''}`.trim(), message].filter(Boolean).join(': ');
}
