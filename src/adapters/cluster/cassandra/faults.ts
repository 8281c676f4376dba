import { auth, errors, types } from 'cassandra-driver';
import { ScenelineError } from '../../../model/errors.ts';

const { responseErrorCodes: codes } = types;

/** Native protocol, section 9: what another try, a little later, may find mended. */
const PASSING: readonly number[] = [
  codes.unavailableException,
  codes.overloaded,
  codes.isBootstrapping,
  codes.writeTimeout,
  codes.readTimeout,
  codes.readFailure,
  codes.writeFailure,
  codes.serverError,
  // CAS_WRITE_UNKNOWN, which the driver has no name for.
  0x1700,
];
/** Plain errors by which the driver (4.10.0) says that the pool of a node that just went away is empty. */
const POOL_ERRORS: readonly string[] = ['No connection available', 'Connection closed'];
const REFUSALS: readonly number[] = [codes.badCredentials, codes.unauthorized];

/**
 * True for an error after which the same call may succeed: a timeout, a closed socket, no node or no quorum. Of a write it says nothing about the
 * outcome: it may have been made, and may still be made while we look.
 */
export function isPassing(error: unknown): boolean {
  if (error instanceof errors.NoHostAvailableError) {
    const inner = innerErrors(error);
    return inner.length === 0 || inner.some((one) => isPassing(one));
  }
  if (error instanceof errors.ResponseError) return PASSING.includes(error.code);
  if (error instanceof errors.AuthenticationError || error instanceof errors.ArgumentError || error instanceof errors.NotSupportedError) return false;
  return error instanceof errors.DriverError || isSocketError(error);
}

/** What a node says that has not heard of a keyspace yet. */
export function isKeyspaceUnknown(error: unknown): boolean {
  if (error instanceof errors.NoHostAvailableError) return innerErrors(error).some(isKeyspaceUnknown);
  return error instanceof errors.ResponseError && error.code === codes.invalid && /Keyspace .* does not exist/.test(error.message);
}

/** SL-142 for refused names, passwords, certificates and permissions, SL-141 for a database that cannot be reached; anything else as it is. */
export function explainConnectError(error: unknown, place: string): unknown {
  if (error instanceof ScenelineError) return error;
  const refusal = refusalIn(error);
  if (refusal) return new ScenelineError('SL-142', `Cassandra at ${place} refuses us: ${refusal.message}.`, { cause: error });
  if (error instanceof errors.ResponseError && !isPassing(error)) return error;
  const first = error instanceof errors.NoHostAvailableError ? innerErrors(error)[0] : error;
  const why = first instanceof Error ? first.message : String(first ?? 'no node answers');
  return new ScenelineError('SL-141', `Cassandra at ${place} cannot be reached: ${why}.`, { cause: error });
}

/** SL-142 or SL-145 for what a call in mid-work ended with; programming faults as they are. */
export function explainCallError(error: unknown, place: string): unknown {
  const refusal = refusalIn(error);
  if (refusal) return new ScenelineError('SL-142', `Cassandra at ${place} refuses us: ${refusal.message}.`, { cause: error });
  if (!isPassing(error)) return error;
  const why = error instanceof errors.NoHostAvailableError ? (innerErrors(error)[0]?.message ?? error.message) : (error as Error).message;
  return new ScenelineError('SL-145', `Cassandra at ${place} did not answer in time: ${why}.`, { cause: error });
}

function innerErrors(error: errors.NoHostAvailableError): Error[] {
  return Object.values(error.innerErrors ?? {});
}

function refusalIn(error: unknown): Error | null {
  if (error instanceof errors.AuthenticationError) return error;
  if (error instanceof errors.ResponseError) return REFUSALS.includes(error.code) ? error : null;
  if (error instanceof errors.NoHostAvailableError)
    return (
      innerErrors(error)
        .map(refusalIn)
        .find((found) => found !== null) ?? null
    );
  return isTlsError(error) ? error : null;
}

function isTlsError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(String(error.code));
}

function isSocketError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('isSocketError' in error || POOL_ERRORS.includes(error.message)) return true;
  return 'code' in error && /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/.test(String(error.code));
}

/** How the session logs in. */
export function passwordLogin(login: { readonly user: string; readonly password: string }): auth.AuthProvider {
  return new auth.PlainTextAuthProvider(login.user, login.password);
}
