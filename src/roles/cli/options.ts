import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';

/** Options that every command takes. */
export type CommonOptions = { readonly json?: boolean; readonly state?: string; readonly config?: string };

/** Where rows and objects are kept: --state, SCENELINE_STATE, else the user's XDG state folder. */
export function stateFolder(options: CommonOptions, env: NodeJS.ProcessEnv): string {
  const chosen = options.state ?? env.SCENELINE_STATE;
  if (chosen) return resolve(chosen);
  const base = env.XDG_STATE_HOME ?? join(env.HOME ?? homedir(), '.local', 'state');
  return resolve(base, 'sceneline');
}

/** Where a cluster's configuration is: --config or SCENELINE_CONFIG; null: everything is on this machine. */
export function clusterConfigPath(options: CommonOptions, env: NodeJS.ProcessEnv): string | null {
  const chosen = options.config ?? env.SCENELINE_CONFIG;
  return chosen ? resolve(chosen) : null;
}

export function parseWorkers(text: string): number {
  return parseCount('--workers', text, 1024);
}

/** A whole number from 1 to `most`, as an option has it. */
export function parseCount(option: string, text: string, most: number): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new ScenelineError('SL-101', `${option} takes a whole number from 1 to ${most}, not "${text}".`);
  return count;
}
