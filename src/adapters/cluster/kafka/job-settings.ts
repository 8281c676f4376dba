/** What one job topic and its share group must be like. */
export type JobTopicSettings = {
  /** Name of the topic and of the group. */
  readonly topic: string;
  /** Where rejected and worn-out records go: starts with the brokers' prefix, `dlq.` unless changed. */
  readonly deadLetterTopic: string;
  /** How long a record is locked before it is renewed, 15 000 to 60 000 with Kafka's defaults. */
  readonly lockMs: number;
  /** How often a record is handed out before it is given up, 2 to 10 with Kafka's defaults. */
  readonly deliveryLimit: number;
};

/** Names and values of settings, as Kafka writes them. */
export type Settings = { readonly [name: string]: string };

export const DEAD_LETTER_SWITCH = 'errors.deadletterqueue.group.enable';
export const DEAD_LETTER_PREFIX = 'errors.deadletterqueue.topic.name.prefix';
export const RESET = 'share.auto.offset.reset';

/** Retention deletes jobs that nobody has done yet, and compaction all but the newest of a key. */
export const KEPT_FOR_EVER: Settings = { 'retention.ms': '-1', 'retention.bytes': '-1', 'cleanup.policy': 'delete' };

/** Without these a group loses jobs: ones from before its first member, ones of aborted transactions, ones whose worker renews. */
const NEEDED = [RESET, 'share.isolation.level', 'share.record.lock.duration.ms'];

/** Settings of the share group. */
export function groupSettings({ deadLetterTopic, lockMs, deliveryLimit }: JobTopicSettings): Settings {
  return {
    [RESET]: 'earliest',
    'share.isolation.level': 'read_committed',
    'share.record.lock.duration.ms': String(lockMs),
    'share.delivery.count.limit': String(deliveryLimit),
    'share.renew.acknowledge.enable': 'true',
    'errors.deadletterqueue.topic.name': deadLetterTopic,
    'errors.deadletterqueue.copy.record.enable': 'true',
  };
}

/** Those of `wanted` that this broker knows: 4.2 and 4.3 have no delivery limit by group and no dead letters. Names what is missing and cannot be done without. */
export function knownSettings(wanted: Settings, found: Settings): { readonly settings: Settings; readonly missing: readonly string[] } {
  const known = Object.entries(wanted).filter(([name]) => name in found);
  return { settings: Object.fromEntries(known), missing: NEEDED.filter((name) => !(name in found)) };
}

/** A line for each setting that is not as wanted. */
export function differences(of: string, wanted: Settings, found: Settings): string[] {
  const wrong = Object.entries(wanted).filter(([name, value]) => found[name] !== value);
  return wrong.map(([name, value]) => `${of}: ${name} is ${found[name] === undefined ? 'not known to this broker' : `"${found[name]}"`}, must be "${value}"`);
}
