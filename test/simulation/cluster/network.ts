import type { LinkName, ShareReply, ShareRequest } from '../../../src/adapters/cluster/share-consumer/messages.ts';
import type { ShareLink, ShareNetwork } from '../../../src/adapters/cluster/share-consumer/network.ts';
import { ShareError } from '../../../src/adapters/cluster/share-consumer/share-error.ts';
import { never } from '../world.ts';
import type { JobTopicModel, SimBroker } from './broker.ts';
import type { ClusterProcess, Trouble } from './trouble.ts';

type Place = { readonly process: ClusterProcess; readonly broker: SimBroker; readonly trouble: Trouble; readonly topic: JobTopicModel };

/** Polling repeats itself for ever: it would take most of the faults. */
const FETCH_WEIGHT = 0.15;

/** A process's way to the broker, for one share consumer. */
export function simNetwork(place: Place): ShareNetwork {
  const { process, trouble, broker } = place;
  const { world } = process;
  return {
    async connect(link) {
      await process.sleep(trouble.delayMs());
      trouble.strike(process, `connecting ${link}`, FETCH_WEIGHT);
      if (!process.isAlive) return never();
      if (process.frozenUntilMs > world.nowMs) await process.sleep(0);
      if (broker.isDown || process.isCutOff('kafka')) throw new ShareError('trouble', 'The broker does not answer.');
      return new SimLink(place, link);
    },
    nowMs: () => world.nowMs,
    after(ms, run) {
      const timer = world.after(ms, () => process.whenAwake(() => !timer.isCancelled && run()));
      return () => {
        timer.isCancelled = true;
      };
    },
    random: () => world.random.next(),
  };
}

class SimLink implements ShareLink {
  readonly process: ClusterProcess;
  readonly member: string;
  readonly topic: string;
  readonly #place: Place;
  readonly #name: LinkName;
  #onClosed: (() => void) | null = null;
  /** As its owner sees it, and as the broker does. */
  #isOpen = true;
  #isKnown = true;

  constructor(place: Place, name: LinkName) {
    this.#place = place;
    this.#name = name;
    this.process = place.process;
    this.topic = place.topic.id;
    this.member = place.process.name;
    place.process.links.add(this);
    place.broker.links.add(this);
  }

  isOpen(): boolean {
    return this.#isOpen;
  }

  whenClosed(listener: () => void): void {
    this.#onClosed = listener;
  }

  request(request: ShareRequest): Promise<ShareReply> {
    return new Promise((resolve) => void this.#send(request, resolve));
  }

  close(): void {
    this.#isOpen = false;
    this.#onClosed = null;
    this.abandon(this.#place.trouble.delayMs());
  }

  /** The network ends the connection; both sides hear of it a little later. */
  cut(): void {
    const { process, trouble } = this.#place;
    this.abandon(trouble.delayMs());
    process.world.after(trouble.delayMs(), () =>
      process.whenAwake(() => {
        this.#isOpen = false;
        this.#onClosed?.();
      }),
    );
  }

  /** The broker hears after a while that its client is gone; not while the two are cut off from each other. */
  abandon(lingerMs: number): void {
    const { process, broker, topic } = this.#place;
    process.links.delete(this);
    broker.links.delete(this);
    process.world.after(lingerMs, () => {
      if (process.isCutOff('kafka')) return this.abandon((process.cutOffFrom.kafka ?? 0) - process.world.nowMs);
      this.#isKnown = false;
      if (this.#name === 'data') broker.closed(this, topic);
    });
  }

  #send(request: ShareRequest, resolve: (reply: ShareReply) => void): void {
    const { process, trouble } = this.#place;
    const { world } = process;
    const isFetch = request.kind !== 'acknowledge';
    if (trouble.strike(process, `before ${nameOf(request)}`, isFetch ? FETCH_WEIGHT : 1) !== null) return;
    world.after(trouble.delayMs(), () => {
      if (!this.#isKnown || process.isCutOff('kafka')) return;
      this.#wait(request, () => {
        if (!this.#isKnown || process.isCutOff('kafka')) return;
        const { broker, topic } = this.#place;
        const reply = broker.answer(topic, this.member, this, request);
        const isTaken = reply.kind === 'fetch' && reply.partitions.length > 0;
        if (trouble.strike(process, `after ${nameOf(request)}`, isFetch && !isTaken ? FETCH_WEIGHT : 1) !== null) return;
        world.after(trouble.delayMs(), () => {
          if (process.isCutOff('kafka')) return;
          process.whenAwake(() => this.#isOpen && resolve(reply));
        });
      });
    });
  }

  /** A fetch is answered when there is a record, at the latest at the end of its wait. */
  #wait(request: ShareRequest, answer: () => void): void {
    const { process, topic } = this.#place;
    const waitMs = request.kind === 'fetch' && request.max === 1 ? request.waitMs : 0;
    if (waitMs === 0 || topic.hasReady(process.world.nowMs)) {
      answer();
      return;
    }
    const end = (): void => {
      timer.isCancelled = true;
      topic.waiting.delete(end);
      answer();
    };
    const timer = process.world.after(waitMs, end);
    topic.waiting.add(end);
  }
}

function nameOf(request: ShareRequest): string {
  return request.kind === 'acknowledge' ? request.type : request.kind;
}
