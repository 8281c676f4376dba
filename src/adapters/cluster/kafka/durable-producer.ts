import { type MessageToProduce, ProduceAcks, Producer } from '@platformatic/kafka';
import { connectionOptions, type KafkaAccess } from './access.ts';
import { explainKafka } from './kafka-errors.ts';

/** Together a minute: longer than a broker takes to restart. */
const RETRIES = 120;
const RETRY_DELAY_MS = 500;

/**
 * `once`: each message once and in order as long as this process lives, one request at a time. `repeatable`: a message may be there twice after trouble, and several are
 * under way at once.
 */
export type Delivery = 'once' | 'repeatable';

/** Sends messages that every in-sync replica has when `send` resolves. */
export class DurableProducer {
  readonly #access: KafkaAccess;
  readonly #delivery: Delivery;
  #producer: Producer;

  /** Connects on first use. Throws SL-101 for an address that is none. */
  constructor(access: KafkaAccess, delivery: Delivery) {
    this.#access = access;
    this.#delivery = delivery;
    this.#producer = newProducer(access, delivery);
  }

  /** Messages for one partition make one batch. Throws SL-151 to SL-153; what was sent then may or may not be there. */
  async send(messages: MessageToProduce[]): Promise<void> {
    const producer = this.#producer;
    try {
      await producer.send({ messages });
    } catch (error) {
      // After a failure its sequence numbers may not be what the broker expects; a new producer starts its own.
      if (this.#producer === producer) this.#producer = newProducer(this.#access, this.#delivery);
      await producer.close(true).catch(() => {});
      throw explainKafka(error, `sending to ${[...new Set(messages.map(({ topic }) => topic))].join(', ')}`);
    }
  }

  async close(): Promise<void> {
    await this.#producer.close(true);
  }
}

function newProducer(access: KafkaAccess, delivery: Delivery): Producer {
  const idempotent = delivery === 'once';
  return new Producer({ ...connectionOptions(access), acks: ProduceAcks.ALL, idempotent, retries: RETRIES, retryDelay: RETRY_DELAY_MS });
}
