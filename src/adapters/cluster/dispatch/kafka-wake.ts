import { Admin, Consumer, MessagesStreamModes } from '@platformatic/kafka';
import { z } from 'zod';
import type { Wake, WakeNote } from '../../../ports/job-dispatch.ts';
import { connectionOptions, type KafkaAccess } from '../kafka/access.ts';
import { DurableProducer } from '../kafka/durable-producer.ts';
import { explainKafka, hasProtocolCode } from '../kafka/kafka-errors.ts';
import { NoteEar, type NoteStream } from './note-ear.ts';

const TOPIC_EXISTS = 36;
/** Notes are for now: whoever was not there looks at the rows. */
const RETENTION_MS = 3_600_000;
const RETRY_DELAY_MS = 500;
const FETCH_WAIT_MS = 500;

const noteSchema = z.object({
  titleId: z.string().min(1),
  jobId: z.string().nullable(),
  outcome: z.enum(['running', 'done', 'failed', 'lost', 'released']).nullable(),
});

/** Notes on a topic of their own, which everybody who listens gets all of. */
export class KafkaWake implements Wake {
  readonly #access: KafkaAccess;
  readonly #topic: string;
  readonly #producer: DurableProducer;

  private constructor(access: KafkaAccess, topic: string) {
    this.#access = access;
    this.#topic = topic;
    this.#producer = new DurableProducer(access, 'once');
  }

  /** Makes the topic where it is missing. Throws SL-151 to SL-153. */
  static async open(access: KafkaAccess, topic: string, replicas?: number): Promise<KafkaWake> {
    const admin = new Admin(connectionOptions(access));
    try {
      const configs = [{ name: 'retention.ms', value: String(RETENTION_MS) }];
      await admin.createTopics({ topics: [topic], partitions: 1, replicas, configs }).catch((error: unknown) => {
        if (!hasProtocolCode(error, TOPIC_EXISTS)) throw explainKafka(error, `creating topic ${topic}`);
      });
    } finally {
      await admin.close();
    }
    return new KafkaWake(access, topic);
  }

  async ring(note: WakeNote): Promise<void> {
    await this.#producer.send([{ topic: this.#topic, key: Buffer.from(note.titleId), value: Buffer.from(JSON.stringify(note)) }]);
  }

  async listen(onNote: (note: WakeNote) => void): Promise<{ stop(): Promise<void> }> {
    return NoteEar.open(
      () => this.#consume(),
      (value) => {
        const note = parseNote(value);
        if (note) onNote(note);
      },
    );
  }

  async #consume(): Promise<NoteStream> {
    const consumer = new Consumer({
      ...connectionOptions(this.#access),
      groupId: `${this.#topic}.${crypto.randomUUID()}`,
      retries: true,
      retryDelay: RETRY_DELAY_MS,
      maxWaitTime: FETCH_WAIT_MS,
    });
    const close = () => consumer.close(true);
    try {
      return { messages: await consumer.consume({ topics: [this.#topic], mode: MessagesStreamModes.LATEST, autocommit: false }), close };
    } catch (error) {
      await close().catch(() => {});
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }
}

function parseNote(bytes: Uint8Array | null | undefined): WakeNote | null {
  try {
    return noteSchema.parse(JSON.parse(Buffer.from(bytes ?? []).toString('utf8')));
  } catch {
    return null;
  }
}
