import { type ClusterAccess, connectFor, disconnect } from './locate.ts';
import type { LinkName, ShareReply, ShareRequest } from './messages.ts';
import { exchange } from './wire.ts';

/** A connection to a broker. */
export type ShareLink = {
  isOpen(): boolean;
  /** Once; not before it was open. */
  whenClosed(listener: () => void): void;
  /** Throws when the connection breaks or the reply is not one. */
  request(request: ShareRequest): Promise<ShareReply>;
  /** At once, also when it is stuck; open requests fail. Never throws. */
  close(): void;
};

/** Everything of the world that a share consumer touches. Times in milliseconds, from anywhere, never going back. */
export type ShareNetwork = {
  /** Throws a ShareError. */
  connect(link: LinkName): Promise<ShareLink>;
  nowMs(): number;
  /** Returns what cancels it. */
  after(ms: number, run: () => void): () => void;
  /** From 0 to below 1. */
  random(): number;
};

export type Membership = ClusterAccess & { readonly group: string; readonly topic: string; readonly memberId: string };

/** Real sockets and timers. */
export function kafkaNetwork(membership: Membership): ShareNetwork {
  const { group, topic } = membership;
  return {
    async connect(link) {
      const connection = await connectFor({ link, group, topic }, membership);
      return {
        isOpen: () => connection.isConnected(),
        whenClosed: (listener) => void connection.once('close', listener),
        request: (request) => exchange(connection, membership, request),
        close: () => void disconnect(connection),
      };
    },
    nowMs: () => performance.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    random: Math.random,
  };
}
