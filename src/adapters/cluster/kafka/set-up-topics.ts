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

export type TopicsReady = {
  /** False for brokers before 4.4: a record that is given up is then found by its row only. */
  readonly hasDeadLetters: boolean;
};

/**
 * Creates the event topic, the job topics, their dead letters and their groups' settings where they are missing, then checks all of them.
 * Safe to run by several processes at once. Throws SL-153 with every setting that is wrong, SL-151 and SL-152.
 * @param eventPartitions of an event topic that is not there yet.
 */
export async function setUpTopics(
  access: KafkaAccess,
  { eventTopic, eventPartitions, jobs }: { readonly eventTopic: string; readonly eventPartitions: number; readonly jobs: readonly JobTopicSettings[] },
): Promise<TopicsReady> {
  const setup = new TopicSetup(access);
  try {
    const problems = await setup.eventTopic(eventTopic, eventPartitions);
    let hasDeadLetters = true;
    for (const job of jobs) {
      const found = await setup.jobTopic(job);
      problems.push(...found.problems);
      hasDeadLetters &&= found.hasDeadLetters;
    }
    if (problems.length > 0) throw new ScenelineError('SL-153', `Kafka is not set up as Sceneline needs it:\n${problems.join('\n')}`);
    return { hasDeadLetters };
  } catch (error) {
    throw explainKafka(error, 'setting up topics');
  } finally {
    await setup.close();
  }
}

class TopicSetup {
  readonly #admin: Admin;

  constructor(access: KafkaAccess) {
    this.#admin = new Admin(connectionOptions(access));
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }

  /** Its retention is the operator's choice once it exists. */
  async eventTopic(topic: string, partitions: number): Promise<string[]> {
    await this.#create(topic, partitions, KEPT_FOR_EVER);
    return differences(`topic ${topic}`, { 'cleanup.policy': 'delete' }, await this.#describe(ConfigResourceTypes.TOPIC, topic));
  }

  async jobTopic(job: JobTopicSettings): Promise<{ problems: string[]; hasDeadLetters: boolean }> {
    const { topic, deadLetterTopic } = job;
    await this.#create(topic, 1, KEPT_FOR_EVER);
    const problems = differences(`topic ${topic}`, KEPT_FOR_EVER, await this.#describe(ConfigResourceTypes.TOPIC, topic));
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
    const late = before[RESET] !== settings[RESET] && (await this.#hasMembers(group));
    if (late) return [`group ${group}: ${RESET} was "${before[RESET]}" when its first worker came; stop all workers, then start again`];
    const changes = Object.entries(settings).filter(([name, value]) => before[name] !== value);
    if (changes.length === 0) return [];
    const configs = changes.map(([name, value]) => ({ name, value, configOperation: IncrementalAlterConfigOperationTypes.SET }));
    await this.#admin.incrementalAlterConfigs({ resources: [{ resourceType: ConfigResourceTypes.GROUP, resourceName: group, configs }] });
    return differences(`group ${group}`, settings, await this.#describe(ConfigResourceTypes.GROUP, group));
  }

  /** A wrong dead letter topic is silent: records are given up as if all were well, and are nowhere. So everything that could be wrong is looked at. */
  async #deadLetters(topic: string): Promise<string[]> {
    const brokerId = [...(await this.#admin.metadata({ topics: [] })).brokers.keys()][0];
    const prefix = (await this.#describe(ConfigResourceTypes.BROKER, String(brokerId)))[DEAD_LETTER_PREFIX] ?? '';
    if (!topic.startsWith(prefix))
      return [`topic ${topic}: the brokers write dead letters only to topics whose name starts with "${prefix}" (${DEAD_LETTER_PREFIX})`];
    const settings = { 'retention.ms': '-1', [DEAD_LETTER_SWITCH]: 'true' };
    await this.#create(topic, 1, settings);
    return differences(`topic ${topic}`, { [DEAD_LETTER_SWITCH]: 'true' }, await this.#describe(ConfigResourceTypes.TOPIC, topic));
  }

  async #create(topic: string, partitions: number, settings: Settings): Promise<void> {
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
    try {
      await this.#admin.createTopics({ topics: [topic], partitions, configs });
    } catch (error) {
      if (!hasProtocolCode(error, TOPIC_EXISTS)) throw explainKafka(error, `creating topic ${topic}`);
    }
  }

  async #describe(resourceType: 2 | 4 | 32, resourceName: string): Promise<Settings> {
    const [found] = await this.#admin.describeConfigs({ resources: [{ resourceType, resourceName }] });
    return Object.fromEntries(found.configs.map(({ name, value }) => [name, value ?? '']));
  }

  async #partitionCount(topic: string): Promise<number> {
    const metadata = await this.#admin.metadata({ topics: [topic], forceUpdate: true });
    return metadata.topics.get(topic)?.partitionsCount ?? 0;
  }

  async #hasMembers(group: string): Promise<boolean> {
    const state = (await this.#admin.listGroups()).get(group)?.state;
    return state !== undefined && state.toUpperCase() !== 'EMPTY' && state.toUpperCase() !== 'DEAD';
  }
}
