import { after, before, describe, it } from 'node:test';
import { KafkaEventLog } from '../../../../src/adapters/cluster/kafka/kafka-event-log.ts';
import { setUpTopics } from '../../../../src/adapters/cluster/kafka/set-up-topics.ts';
import { eventLogContract } from '../../../contract/event-log.ts';
import { kafkaMissing } from '../../../services/kafka.ts';
import { restartTests } from './broker-restart.ts';
import { KafkaPlace } from './kafka-place.ts';
import { setUpTests } from './setup-suite.ts';
import { lockTests, lossTests } from './share-locks.ts';
import { epochTests, recordTests, silenceTests } from './share-records.ts';

const missing = kafkaMissing();

if (missing) it('Kafka on a real broker', { skip: missing }, () => {});
else {
  describe('Kafka', () => {
    let place: KafkaPlace;
    before(async () => {
      place = await KafkaPlace.start();
    });
    after(() => place?.stop());
    const at = () => place;

    setUpTests(at);
    eventLogContract('cluster', async () => {
      await setUpTopics(place.access, { eventTopic: 'events', eventPartitions: 4, jobs: [] });
      const log = new KafkaEventLog(place.access, 'events');
      return { adapter: log, close: () => log.close() };
    });
    describe('share groups', { concurrency: true }, () => {
      lockTests(at);
      lossTests(at);
      recordTests(at);
      epochTests(at);
    });
    silenceTests(at);
    restartTests(at);
  });
}
