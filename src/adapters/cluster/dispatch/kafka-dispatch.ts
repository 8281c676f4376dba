import type { JobClass, JobDispatch, ReadyJob } from '../../../ports/job-dispatch.ts';
import type { KafkaAccess } from '../kafka/access.ts';
import { JobTopic } from '../kafka/job-topic.ts';
import { serialiseOffer } from './offer-json.ts';
import { jobTopicSettings, type TopicNames } from './topics.ts';

/** Offers jobs as records of their class's topic. A record describes the job as control saw it: whether it is so still, its row says. */
export class KafkaDispatch implements JobDispatch {
  readonly #access: KafkaAccess;
  readonly #names: TopicNames;
  readonly #topics = new Map<JobClass, JobTopic>();

  constructor(access: KafkaAccess, names: TopicNames) {
    this.#access = access;
    this.#names = names;
  }

  /** The class's workers made its topic before they announced themselves. Throws SL-151 to SL-153. */
  async offer(jobClass: JobClass, jobs: readonly ReadyJob[]): Promise<void> {
    let topic = this.#topics.get(jobClass);
    if (topic === undefined) {
      topic = new JobTopic(this.#access, jobTopicSettings(this.#names, jobClass).topic);
      this.#topics.set(jobClass, topic);
    }
    await topic.send(jobs.map((job) => ({ key: job.id, value: serialiseOffer(job) })));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#topics.values()].map((topic) => topic.close()));
  }
}
