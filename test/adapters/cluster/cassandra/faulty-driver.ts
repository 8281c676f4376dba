import { Client, errors, types } from 'cassandra-driver';

/** The driver's type says that it is abstract; it is not. */
const DriverError = errors.DriverError as unknown as new (message: string) => Error;

/** What to do with a call of the driver: fail instead of it, fail after it, or nothing. */
export type Fault = 'before' | 'after' | null;

/** The forms in which "nobody knows what became of it" comes. */
export const UNKNOWN_OUTCOMES: { readonly [name: string]: () => Error } = {
  'write timeout': () => new errors.ResponseError(types.responseErrorCodes.writeTimeout, 'Operation timed out - received only 0 responses.'),
  'socket closed': () => new DriverError('Socket was closed'),
  'no host': () => new errors.NoHostAvailableError({ '127.0.0.1:9042': new DriverError('Socket was closed') }),
  'an empty pool': () => new Error('No connection available'),
  'client timeout': () => new errors.OperationTimedOutError('The host 127.0.0.1:9042 did not reply before timeout 5000 ms'),
};

/** Runs `work` with every call of the driver, by any client of this process, going through `fault` first. */
export async function withFaults<T>(error: () => Error, fault: (query: string) => Fault | Promise<Fault>, work: () => Promise<T>): Promise<T> {
  const { execute } = Client.prototype;
  Client.prototype.execute = async function (this: Client, ...args: Parameters<typeof execute>) {
    const where = await fault(args[0]);
    if (where === 'before') throw error();
    const result = await execute.apply(this, args);
    if (where === 'after') throw error();
    return result;
  } as unknown as typeof execute;
  try {
    return await work();
  } finally {
    Client.prototype.execute = execute;
  }
}

/** How many calls of the driver `work` makes. */
export async function countCalls(work: () => Promise<unknown>): Promise<number> {
  let calls = 0;
  const count = () => {
    calls += 1;
    return null;
  };
  await withFaults(() => new Error('never'), count, work);
  return calls;
}

export function isLwt(query: string): boolean {
  return / IF /.test(query) && !query.startsWith('CREATE');
}
