/** Where a service runs: the address it listens on, and the words before its command that lead there (`ip netns exec NAME`). */
export type ServicePlace = { readonly address: string; readonly enter: readonly string[] };

/** This machine, for itself only. */
export const LOOPBACK: ServicePlace = { address: '127.0.0.1', enter: [] };
