import { createHash } from 'node:crypto';
import { ScenelineError } from '../../../model/errors.ts';
import type { CassandraSession } from './session.ts';

/** Longer JSON does not stay in its row: a transaction writes a row's cells several times, and the servers bound the size of a write. */
const INLINE_BYTES = 64 * 1024;
const PIECE_BYTES = 256 * 1024;
/** No JSON starts with it. */
const ADDRESS = /^@([0-9a-f]{64}):(\d+)$/;

/**
 * What to keep in a row for this value: its JSON, or, when that is long, `@<sha256>:<bytes>`, under which its pieces were written before this
 * returns. Equal values share their pieces, so trying again leaves nothing behind.
 */
export async function storeJson(session: CassandraSession, value: unknown): Promise<string> {
  const text = JSON.stringify(value);
  const bytes = Buffer.from(text);
  if (bytes.length <= INLINE_BYTES) return text;
  const digest = createHash('sha256').update(bytes).digest('hex');
  for (let piece = 0; piece * PIECE_BYTES < bytes.length; piece += 1) {
    const body = bytes.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES);
    await session.write('INSERT INTO long_text (digest, piece, body) VALUES (:digest, :piece, :body)', { digest, piece, body });
  }
  return `@${digest}:${bytes.length}`;
}

/** The value again. Throws SL-905 when a piece is not there. */
export async function loadJson<T>(session: CassandraSession, stored: string): Promise<T> {
  const address = ADDRESS.exec(stored);
  if (!address) return JSON.parse(stored);
  const [, digest, length] = address;
  const pieces = Array.from({ length: Math.ceil(Number(length) / PIECE_BYTES) }, (_, piece) =>
    session.read('SELECT body FROM long_text WHERE digest = :digest AND piece = :piece', { digest, piece }),
  );
  const bytes = Buffer.concat((await Promise.all(pieces)).flatMap((rows) => rows.map((row) => row.body as Buffer)));
  if (bytes.length !== Number(length)) throw new ScenelineError('SL-905', `The stored text ${digest} is not whole.`);
  return JSON.parse(bytes.toString());
}
