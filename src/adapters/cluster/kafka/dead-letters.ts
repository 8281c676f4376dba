import { Admin, ListOffsetTimestamps } from '@platformatic/kafka';
import { connectionOptions, type KafkaAccess } from './access.ts';
import { explainKafka } from './kafka-errors.ts';

/**
 * How many records were ever given up, by topic of dead letters, of those topics whose name begins with `prefix`. Brokers before 4.4 have none.
 * Throws SL-151 and SL-152.
 */
export async function countDeadLetters(access: KafkaAccess, prefix: string): Promise<Map<string, number>> {
  const admin = new Admin(connectionOptions(access));
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length === 0) return new Map();
    const partitions = [{ partitionIndex: 0, timestamp: ListOffsetTimestamps.LATEST }];
    const listed = await admin.listOffsets({ topics: topics.map((name) => ({ name, partitions })) });
    return new Map(listed.map(({ name, partitions }) => [name, Number(partitions[0].offset)]));
  } catch (error) {
    throw explainKafka(error, 'counting dead letters');
  } finally {
    await admin.close();
  }
}
