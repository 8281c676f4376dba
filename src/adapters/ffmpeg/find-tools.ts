import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { ScenelineError } from '../../model/errors.ts';

export type Environment = { readonly [name: string]: string | undefined };
export type ToolName = 'ffmpeg' | 'ffprobe';
export type FoundTools = { readonly ffmpegPath: string; readonly ffprobePath: string };

/** Variables that name a tool outside PATH. */
export const TOOL_VARIABLES = { ffmpeg: 'SCENELINE_FFMPEG', ffprobe: 'SCENELINE_FFPROBE' } as const satisfies { [K in ToolName]: string };

/** An absolute path of a program: a path as given, a bare name looked up in PATH. Null when there is none that may be run. */
export function findProgram(name: string, env: Environment): string | null {
  if (name.includes('/')) return isProgram(resolve(name)) ? resolve(name) : null;
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const candidate = resolve(join(folder, name));
    if (folder !== '' && isProgram(candidate)) return candidate;
  }
  return null;
}

/** Where a media tool is: what its variable names, else PATH. Throws SL-102 when the variable names nothing that runs. */
export function findTool(name: ToolName, env: Environment): string | null {
  const variable = TOOL_VARIABLES[name];
  const wanted = env[variable];
  if (!wanted) return findProgram(name, env);
  const found = findProgram(wanted, env);
  if (!found) throw new ScenelineError('SL-102', `${variable} is "${wanted}", which is not a program that can be run. Correct it or unset it.`);
  return found;
}

/** Both media tools. Throws SL-102 naming what is missing. */
export function findTools(env: Environment): FoundTools {
  const ffmpegPath = findTool('ffmpeg', env);
  const ffprobePath = findTool('ffprobe', env);
  if (ffmpegPath && ffprobePath) return { ffmpegPath, ffprobePath };
  const missing = [ffmpegPath ? '' : 'ffmpeg', ffprobePath ? '' : 'ffprobe'].filter(Boolean).join(' and ');
  throw new ScenelineError('SL-102', `${missing} not found in PATH. Run: sceneline doctor`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
