import { join } from 'node:path';
import { type Environment, findProgram, TOOL_VARIABLES } from '../../adapters/ffmpeg/find-tools.ts';

/** Folder in the state folder for tools that `doctor` brought. */
export const TOOLS_FOLDER = 'tools';

export function ownFfmpegPath(stateDir: string): string {
  return join(stateDir, TOOLS_FOLDER, 'ffmpeg');
}

/** The environment with the state folder's own ffmpeg named in it, where there is one and the operator has not named another: so it is found before PATH. */
export function withOwnFfmpeg(env: Environment, stateDir: string): Environment {
  if (env[TOOL_VARIABLES.ffmpeg]) return env;
  const own = findProgram(ownFfmpegPath(stateDir), env);
  return own === null ? env : { ...env, [TOOL_VARIABLES.ffmpeg]: own };
}
