import { AuthenticationError, UserError } from '@platformatic/kafka';
import { ScenelineError } from '../../../model/errors.ts';

/** Codes of Kafka's protocol for something that is not permitted: TOPIC, GROUP and CLUSTER_AUTHORIZATION_FAILED, SASL_AUTHENTICATION_FAILED. */
const NOT_PERMITTED = [29, 30, 31, 58];
/** INVALID_REQUEST, INVALID_CONFIG, INVALID_REPLICATION_FACTOR, UNSUPPORTED_VERSION. */
const NOT_POSSIBLE = [35, 38, 40, 42];

type Leaf = { readonly error: Error; readonly code: number | null; readonly text: string };

/** The errors inside an error of the client library, which wraps them several times. */
function leavesOf(error: unknown): Leaf[] {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.flatMap(leavesOf);
  if (!(error instanceof Error)) return [{ error: new Error(String(error)), code: null, text: String(error) }];
  const { apiCode, serverErrorMessage } = error as { apiCode?: unknown; serverErrorMessage?: unknown };
  const isWrapped = error.cause instanceof Error && typeof apiCode !== 'number';
  const text = typeof serverErrorMessage === 'string' ? serverErrorMessage : error.message;
  return [{ error, code: typeof apiCode === 'number' ? apiCode : null, text }, ...(isWrapped ? leavesOf(error.cause) : [])];
}

/** Whether this code of Kafka's protocol is among the reasons. */
export function hasProtocolCode(error: unknown, code: number): boolean {
  return leavesOf(error).some((leaf) => leaf.code === code);
}

/** Whether somebody has to mend something before the same request can succeed. */
export function isLasting(error: unknown): boolean {
  return error instanceof ScenelineError || leavesOf(error).some((leaf) => isRefusal(leaf) || NOT_POSSIBLE.includes(leaf.code ?? 0));
}

/** SL-151, SL-152 or SL-153 for whatever the client library threw while we tried to do `what`. */
export function explainKafka(error: unknown, what: string): ScenelineError {
  if (error instanceof ScenelineError) return error;
  const leaves = leavesOf(error);
  const reasons = [...new Set(leaves.map(({ text }) => text))].join('; ');
  const code = leaves.some(isRefusal) ? 'SL-152' : leaves.some((leaf) => NOT_POSSIBLE.includes(leaf.code ?? 0)) ? 'SL-153' : 'SL-151';
  return new ScenelineError(code, `Kafka: ${what} failed: ${reasons}`, { cause: error });
}

function isRefusal({ error, code }: Leaf): boolean {
  const nodeCode = 'code' in error ? String(error.code) : '';
  const isTls = /^ERR_(?:TLS|SSL|OSSL)|CERT|^DEPTH_ZERO|^UNABLE_TO/.test(nodeCode);
  return NOT_PERMITTED.includes(code ?? 0) || isTls || error instanceof AuthenticationError || (error instanceof UserError && /TLS/.test(error.message));
}
