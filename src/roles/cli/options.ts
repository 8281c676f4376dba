import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';

/** Options that every command takes. */
export type CommonOptions = { readonly json?: boolean; readonly state?: string };

/** Where rows and objects are kept: --state, SCENELINE_STATE, else the user's XDG state folder. */
export function stateFolder(options: CommonOptions, env: NodeJS.ProcessEnv): string {
  const chosen = options.state ?? env.SCENELINE_STATE;
  if (chosen) return resolve(chosen);
  const base = env.XDG_STATE_HOME ?? join(env.HOME ?? homedir(), '.local', 'state');
  return resolve(base, 'sceneline');
}

/** A whole number from 1 to 1024. */
export function parseWorkers(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1024)
    throw new ScenelineError('SL-101', `--workers takes a whole number from 1 to 1024, not "${text}".`);
  return count;
}
