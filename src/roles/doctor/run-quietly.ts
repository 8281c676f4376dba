import { spawn } from 'node:child_process';
import type { Environment } from '../../adapters/ffmpeg/find-tools.ts';
import { ScenelineError } from '../../model/errors.ts';

const KEPT_OUTPUT = 8 * 1024;

/** Runs an installer and shows its output only by failing: throws SL-102 with the end of it, SL-130 when it was stopped. */
export async function runQuietly(command: readonly string[], env: Environment, signal?: AbortSignal): Promise<void> {
  const child = spawn(command[0], command.slice(1), { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'], signal });
  let output = '';
  const keep = (bytes: Buffer) => {
    output = (output + bytes.toString()).slice(-KEPT_OUTPUT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(signal?.aborted ? new ScenelineError('SL-130', 'The installation was stopped.', { cause: error }) : error));
    child.once('close', resolve);
  });
  if (status === 0) return;
  const exitStatus = `exit ${status}`;
  throw new ScenelineError('SL-102', `ffmpeg could not be installed (${exitStatus} of ${command.join(' ')}). Its last words:`, {
    details: output.trim().split('\n'),
    evidence: { command, exitStatus, stderrTail: output },
  });
}
