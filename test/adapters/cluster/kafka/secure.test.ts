import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type KafkaAccess, shareAccess } from '../../../../src/adapters/cluster/kafka/access.ts';
import { JobTopic } from '../../../../src/adapters/cluster/kafka/job-topic.ts';
import { KafkaEventLog } from '../../../../src/adapters/cluster/kafka/kafka-event-log.ts';
import { setUpTopics } from '../../../../src/adapters/cluster/kafka/set-up-topics.ts';
import { ShareConsumer } from '../../../../src/adapters/cluster/share-consumer/share-consumer.ts';
import { findProgram } from '../../../../src/adapters/ffmpeg/find-tools.ts';
import { event } from '../../../contract/samples.ts';
import { KafkaService, kafkaMissing } from '../../../services/kafka.ts';
import { take, text } from './kafka-place.ts';

const missing = kafkaMissing() ?? (findProgram('openssl', process.env) ? null : 'openssl not found in PATH');
const PASSWORD = 'correct horse';
const JOBS = { topic: 'jobs', deadLetterTopic: 'dlq.jobs', lockMs: 15_000, deliveryLimit: 5 };

/** A key and a certificate that vouches for itself and for 127.0.0.1, as PEM. */
function makeCertificate(folder: string, name: string): { key: string; cert: string } {
  const [keyPath, certPath] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', keyPath, '-out', certPath, ...subject], { stdio: 'pipe' });
  return { key: readFileSync(keyPath, 'utf8'), cert: readFileSync(certPath, 'utf8') };
}

function properties(folder: string, server: { key: string; cert: string }, client: { cert: string }): { [name: string]: string } {
  writeFileSync(join(folder, 'server.pem'), server.key + server.cert);
  writeFileSync(join(folder, 'trusted.pem'), client.cert);
  const of = (name: string) => `listener.name.second.${name}`;
  return {
    [of('ssl.keystore.type')]: 'PEM',
    [of('ssl.keystore.location')]: join(folder, 'server.pem'),
    [of('ssl.truststore.type')]: 'PEM',
    [of('ssl.truststore.location')]: join(folder, 'trusted.pem'),
    [of('ssl.client.auth')]: 'required',
    [of('sasl.enabled.mechanisms')]: 'PLAIN',
    [of('plain.sasl.jaas.config')]: `org.apache.kafka.common.security.plain.PlainLoginModule required user_scene="${PASSWORD}";`,
  };
}

function refusalTests(access: () => KafkaAccess): void {
  const wrong = (): [string, KafkaAccess][] => {
    const { tls, sasl, ...rest } = access();
    return [
      ['a wrong password', { ...rest, tls, sasl: { ...sasl!, password: `${PASSWORD} battery` } }],
      ['no certificate of ours', { ...rest, tls: { ca: tls!.ca }, sasl }],
      ['a server that nobody vouches for', { ...rest, tls: { cert: tls!.cert, key: tls!.key }, sasl }],
      ['no encryption', rest],
    ];
  };
  for (const [i, what] of ['a wrong password', 'no certificate of ours', 'a server that nobody vouches for', 'no encryption'].entries()) {
    it(`refuses ${what}, in words without secrets`, async () => {
      const [name, bad] = wrong()[i];
      assert.equal(name, what);
      const isClean = (error: Error) => !error.message.includes(PASSWORD);
      await assert.rejects(setUpTopics(bad, { eventTopic: 'events', eventPartitions: 1, jobs: [] }), (error: Error & { code: string }) => {
        assert.equal(error.code, 'SL-152', error.message);
        return isClean(error);
      });
      await assert.rejects(ShareConsumer.open({ ...shareAccess(bad), group: JOBS.topic, topic: JOBS.topic }), (error: Error & { kind: string }) => {
        assert.equal(error.kind, 'refused', error.message);
        return isClean(error);
      });
    });
  }
}

if (missing) it('Kafka with certificates and passwords', { skip: missing }, () => {});
else {
  describe('Kafka with certificates and passwords', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sceneline-secure-'));
    let service: KafkaService;
    let access: KafkaAccess;
    before(async () => {
      const [server, client] = [makeCertificate(folder, 'server'), makeCertificate(folder, 'client')];
      service = await KafkaService.start({ second: { protocol: 'SASL_SSL' }, properties: properties(folder, server, client) });
      const tls = { ca: server.cert, ...client };
      access = { brokers: [service.secondAddress], clientId: 'test', tls, sasl: { mechanism: 'PLAIN', username: 'scene', password: PASSWORD } };
    });
    after(async () => {
      await service?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it('works with all that is asked for', async () => {
      await setUpTopics(access, { eventTopic: 'events', eventPartitions: 1, jobs: [JOBS] });
      const [jobs, log] = [new JobTopic(access, JOBS.topic), new KafkaEventLog(access, 'events')];
      const worker = await ShareConsumer.open({ ...shareAccess(access), group: JOBS.topic, topic: JOBS.topic });
      try {
        await jobs.send([{ key: 'a', value: Buffer.from('a') }]);
        const held = await take(worker);
        assert.equal(text(held), 'a');
        await held.accept();
        await log.append([event('1')]);
        assert.deepEqual((await log.read(null, 10)).events, [event('1')]);
      } finally {
        await Promise.all([worker.close(), jobs.close(), log.close()]);
      }
    });
    refusalTests(() => access);
  });
}
