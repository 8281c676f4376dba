import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { Admin, ConfigResourceTypes } from '@platformatic/kafka';
import { connectionOptions, type KafkaAccess, shareAccess } from '../../../../src/adapters/cluster/kafka/access.ts';
import { setUpTopics } from '../../../../src/adapters/cluster/kafka/set-up-topics.ts';
import { ShareConsumer } from '../../../../src/adapters/cluster/share-consumer/share-consumer.ts';
import type { KafkaPlace } from './kafka-place.ts';

const fresh = () => `s.${randomBytes(6).toString('hex')}`;

async function asAdmin<T>(access: KafkaAccess, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin(connectionOptions(access));
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** What is created at start, and what is refused with a name. */
export function setUpTests(at: () => KafkaPlace): void {
  const setUp = (topic: string, change: { deadLetterTopic?: string; lockMs?: number } = {}, eventTopic = 'events') =>
    setUpTopics(at().access, {
      eventTopic,
      eventPartitions: 4,
      jobs: [{ topic, deadLetterTopic: `dlq.${topic}`, lockMs: 15_000, deliveryLimit: 5, ...change }],
    });
  const withAdmin = <T>(work: (admin: Admin) => Promise<T>) => asAdmin(at().access, work);

  describe('setting up topics', () => {
    it('creates what is missing, and may be repeated, also at once', async () => {
      const topic = fresh();
      const ready = await Promise.all([setUp(topic), setUp(topic), setUp(topic)]);
      assert.deepEqual([...ready, await setUp(topic)], Array(4).fill({ hasDeadLetters: true }));
      const [group] = await withAdmin((admin) => admin.describeConfigs({ resources: [{ resourceType: ConfigResourceTypes.GROUP, resourceName: topic }] }));
      const value = (name: string) => group.configs.find((config) => config.name === name)?.value;
      assert.deepEqual(
        [value('share.auto.offset.reset'), value('share.record.lock.duration.ms'), value('errors.deadletterqueue.topic.name')],
        ['earliest', '15000', `dlq.${topic}`],
      );
    });

    it('names everything that is wrong about topics that are there', async () => {
      const [topic, eventTopic] = [fresh(), fresh()];
      await withAdmin(async (admin) => {
        await admin.createTopics({ topics: [topic], partitions: 3, configs: [{ name: 'retention.ms', value: '1000' }] });
        await admin.createTopics({ topics: [`dlq.${topic}`], partitions: 1 });
        await admin.createTopics({ topics: [eventTopic], partitions: 1, configs: [{ name: 'cleanup.policy', value: 'compact' }] });
      });
      await assert.rejects(setUp(topic, {}, eventTopic), (error: Error & { code: string }) => {
        assert.equal(error.code, 'SL-153');
        assert.match(error.message, /retention\.ms is "1000", must be "-1"/);
        assert.match(error.message, /has 3 partitions, must have 1/);
        assert.match(error.message, /errors\.deadletterqueue\.group\.enable is "false", must be "true"/);
        assert.match(error.message, /cleanup\.policy is "compact", must be "delete"/);
        return true;
      });
    });

    it('refuses dead letters where the brokers would not write them', async () => {
      await assert.rejects(setUp(fresh(), { deadLetterTopic: fresh() }), { code: 'SL-153', message: /starts with "dlq\."/ });
    });

    it('refuses a group whose workers came before its settings', async () => {
      const topic = fresh();
      await withAdmin((admin) => admin.createTopics({ topics: [topic], partitions: 1, configs: [{ name: 'retention.ms', value: '-1' }] }));
      const worker = await ShareConsumer.open({ ...shareAccess(at().access), group: topic, topic });
      try {
        await assert.rejects(setUp(topic), { code: 'SL-153', message: /"latest" when its first worker came; stop all workers/ });
      } finally {
        await worker.close();
      }
      await setUp(topic);
    });

    it('passes on why a setting is refused', async () => {
      await assert.rejects(setUp(fresh(), { lockMs: 61_000 }), { code: 'SL-153', message: /share\.record\.lock\.duration\.ms/ });
    });

    it('says that a cluster cannot be reached', async () => {
      const access = { brokers: ['127.0.0.1:1'], clientId: 'test' };
      await assert.rejects(setUpTopics(access, { eventTopic: 'events', eventPartitions: 1, jobs: [] }), { code: 'SL-151' });
    });
  });
}
