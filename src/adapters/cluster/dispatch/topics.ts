import type { JobClass } from '../../../ports/job-dispatch.ts';
import type { JobTopicSettings } from '../kafka/job-settings.ts';

/** How often a job is handed out before the broker gives its record up; its row is then offered anew. */
const DELIVERY_LIMIT = 10;

/** The names of everything that one installation has in Kafka. */
export type TopicNames = {
  readonly prefix: string;
  readonly lockMs: number;
  /** Copies of topics that are made; the brokers' default when missing. */
  readonly replicas?: number;
};

export function jobTopicSettings({ prefix, lockMs }: Pick<TopicNames, 'prefix' | 'lockMs'>, jobClass: JobClass): JobTopicSettings {
  return { topic: `${prefix}.jobs.${jobClass}`, deadLetterTopic: `dlq.${prefix}.jobs.${jobClass}`, lockMs, deliveryLimit: DELIVERY_LIMIT };
}

export function eventTopic({ prefix }: TopicNames): string {
  return `${prefix}.events`;
}

export function wakeTopic({ prefix }: TopicNames): string {
  return `${prefix}.wake`;
}
