import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
import { ScenelineError } from '../../../model/errors.ts';
import { connectionOptions, type KafkaAccess } from './access.ts';
import {
  DEAD_LETTER_PREFIX,
  DEAD_LETTER_SWITCH,
  differences,
  groupSettings,
  type JobTopicSettings,
  KEPT_FOR_EVER,
  knownSettings,
  RESET,
  type Settings,
} from './job-settings.ts';
import { explainKafka, hasProtocolCode } from './kafka-errors.ts';

const TOPIC_EXISTS = 36;
const UNKNOWN_TOPIC = 3;
/** What was changed is seen by every broker a little later. */
const SEEN_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;
/** From so many copies on an event is acknowledged by two brokers: one may be lost, and one may be away. */
const SAFE_REPLICAS = 3;

export type TopicsReady = {
  /** False for brokers before 4.4: a record that is given up is then found by its row only. */
  readonly hasDeadLetters: boolean;
};

/**
 * Creates the event topic, the job topics, their dead letters and their groups' settings where they are missing, then checks all of them.
 * Safe to run by several processes at once. Throws SL-153 with every setting that is wrong, SL-151 and SL-152.
 * @param eventPartitions of an event topic that is not there yet.
 * @param replicas of topics that are not there yet; the brokers' default when missing.
 */
export async function setUpTopics(
  access: KafkaAccess,
  {
    eventTopic,
    eventPartitions,
    replicas,
    jobs,
  }: { readonly eventTopic: string; readonly eventPartitions: number; readonly replicas?: number; readonly jobs: readonly JobTopicSettings[] },
): Promise<TopicsReady> {
  const setup = new TopicSetup(access, replicas);
  try {
    const problems = await setup.eventTopic(eventTopic, eventPartitions);
    let hasDeadLetters = true;
    for (const job of jobs) {
      const found = await setup.jobTopic(job);
      problems.push(...found.problems);
      hasDeadLetters &&= found.hasDeadLetters;
    }
    if (problems.length > 0) throw new ScenelineError('SL-153', 'Kafka is not set up as Sceneline needs it:', { details: problems });
    return { hasDeadLetters };
  } catch (error) {
    throw explainKafka(error, 'setting up topics');
  } finally {
    await setup.close();
  }
}

class TopicSetup {
  readonly #admin: Admin;
  readonly #replicas: number | undefined;

  constructor(access: KafkaAccess, replicas: number | undefined) {
    this.#replicas = replicas;
    this.#admin = new Admin(connectionOptions(access));
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }

  /** Its retention is the operator's choice once it exists. */
  async eventTopic(topic: string, partitions: number): Promise<string[]> {
    await this.#create(topic, partitions, (this.#replicas ?? 0) >= SAFE_REPLICAS ? { ...KEPT_FOR_EVER, 'min.insync.replicas': '2' } : KEPT_FOR_EVER);
    return this.#differences(ConfigResourceTypes.TOPIC, topic, { 'cleanup.policy': 'delete' });
  }

  async jobTopic(job: JobTopicSettings): Promise<{ problems: string[]; hasDeadLetters: boolean }> {
    const { topic, deadLetterTopic } = job;
    await this.#create(topic, 1, KEPT_FOR_EVER);
    const problems = await this.#differences(ConfigResourceTypes.TOPIC, topic, KEPT_FOR_EVER);
    const partitions = await this.#partitionCount(topic);
    if (partitions !== 1) problems.push(`topic ${topic}: has ${partitions} partitions, must have 1`);
    const before = await this.#describe(ConfigResourceTypes.GROUP, topic);
    const { settings, missing } = knownSettings(groupSettings(job), before);
    if (missing.length > 0) {
      const lacking = `the brokers do not know ${missing.join(', ')}: share groups need Kafka 4.2 or newer`;
      return { problems: [...problems, `group ${topic}: ${lacking}`], hasDeadLetters: false };
    }
    problems.push(...(await this.#setGroup(topic, before, settings)));
    const hasDeadLetters = 'errors.deadletterqueue.topic.name' in settings;
    if (hasDeadLetters) problems.push(...(await this.#deadLetters(deadLetterTopic)));
    return { problems, hasDeadLetters };
  }

  async #setGroup(group: string, before: Settings, settings: Settings): Promise<string[]> {
    if (before[RESET] !== settings[RESET] && (await this.#isLate(group, settings)))
      return [`group ${group}: ${RESET} was "${before[RESET]}" when its first worker came; stop all workers, then start again`];
    const changes = Object.entries(settings).filter(([name, value]) => before[name] !== value);
    if (changes.length === 0) return [];
    const configs = changes.map(([name, value]) => ({ name, value, configOperation: IncrementalAlterConfigOperationTypes.SET }));
    await this.#admin.incrementalAlterConfigs({ resources: [{ resourceType: ConfigResourceTypes.GROUP, resourceName: group, configs }] });
    return this.#differences(ConfigResourceTypes.GROUP, group, settings);
  }

  /** A wrong dead letter topic is silent: records are given up as if all were well, and are nowhere. So everything that could be wrong is looked at. */
  async #deadLetters(topic: string): Promise<string[]> {
    const prefix = (await this.#describe(ConfigResourceTypes.BROKER, String(await this.#anyBroker())))[DEAD_LETTER_PREFIX] ?? '';
    if (!topic.startsWith(prefix))
      return [`topic ${topic}: the brokers write dead letters only to topics whose name starts with "${prefix}" (${DEAD_LETTER_PREFIX})`];
    const settings = { 'retention.ms': '-1', [DEAD_LETTER_SWITCH]: 'true' };
    await this.#create(topic, 1, settings);
    return this.#differences(ConfigResourceTypes.TOPIC, topic, { [DEAD_LETTER_SWITCH]: 'true' });
  }

  async #create(topic: string, partitions: number, settings: Settings): Promise<void> {
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
    try {
      await this.#admin.createTopics({ topics: [topic], partitions, replicas: this.#replicas, configs });
    } catch (error) {
      if (!hasProtocolCode(error, TOPIC_EXISTS)) throw explainKafka(error, `creating topic ${topic}`);
    }
  }

  /** What is still not as wanted after the time that a change may take to be seen. */
  async #differences(resourceType: 2 | 32, name: string, wanted: Settings): Promise<string[]> {
    const of = `${resourceType === ConfigResourceTypes.TOPIC ? 'topic' : 'group'} ${name}`;
    for (const endMs = performance.now() + SEEN_WITHIN_MS; ; await sleep(LOOK_EVERY_MS)) {
      const isLate = performance.now() >= endMs;
      const found = await this.#describe(resourceType, name).catch((error) => {
        if (isLate || !hasProtocolCode(error, UNKNOWN_TOPIC)) throw error;
        return null;
      });
      const problems = found ? differences(of, wanted, found) : [];
      // A topic has its settings from the start; those of a group are changed by us.
      if (found && (problems.length === 0 || isLate || resourceType === ConfigResourceTypes.TOPIC)) return problems;
    }
  }

  async #describe(resourceType: 2 | 4 | 32, resourceName: string): Promise<Settings> {
    const [found] = await this.#admin.describeConfigs({ resources: [{ resourceType, resourceName }] });
    return Object.fromEntries(found.configs.map(({ name, value }) => [name, value ?? '']));
  }

  /** A broker that has only just come up names none at first. */
  async #anyBroker(): Promise<number> {
    for (const endMs = performance.now() + SEEN_WITHIN_MS; ; await sleep(LOOK_EVERY_MS)) {
      const { brokers } = await this.#admin.metadata({ topics: [], forceUpdate: true });
      for (const brokerId of brokers.keys()) return brokerId;
      if (performance.now() >= endMs) throw new Error('the cluster names no broker');
    }
  }

  async #partitionCount(topic: string): Promise<number> {
    const metadata = await this.#admin.metadata({ topics: [topic], forceUpdate: true });
    return metadata.topics.get(topic)?.partitionsCount ?? 0;
  }

  /** Whether there are members that came before the setting; another process may have set it in the meantime. */
  async #isLate(group: string, settings: Settings): Promise<boolean> {
    const state = (await this.#admin.listGroups({ types: ['share'] })).get(group)?.state;
    if (state === undefined || ['EMPTY', 'DEAD'].includes(state.toUpperCase())) return false;
    return (await this.#differences(ConfigResourceTypes.GROUP, group, { [RESET]: settings[RESET] })).length > 0;
  }
}
