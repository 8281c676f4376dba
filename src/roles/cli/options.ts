import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { languageTag } from '../../media/cmaf/labels.ts';
import { ScenelineError } from '../../model/errors.ts';
import type { Ladder } from '../../model/ladder.ts';
import type { SidecarWish } from '../../model/sidecar.ts';
import { LOUDNESS_LUFS } from '../../stages/plan/ladder/schema.ts';

/** Options that every command takes. */
export type CommonOptions = { readonly json?: boolean; readonly state?: string; readonly config?: string };

/** Where rows and objects are kept: --state, SCENELINE_STATE, else the user's XDG state folder. Throws SL-106 where that cannot be said. */
export function stateFolder(options: CommonOptions, env: NodeJS.ProcessEnv): string {
  const base = env.XDG_STATE_HOME ?? join(env.HOME ?? homedir(), '.local', 'state');
  const chosen = options.state || env.SCENELINE_STATE || join(base, 'sceneline');
  try {
    return resolve(chosen);
  } catch (cause) {
    throw new ScenelineError('SL-106', `The current folder is gone, from which ${chosen} is looked for.`, { cause });
  }
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

const MOST_SIDECARS = 100;

/** Adds one `LANG=FILE` of the repeatable option --subtitles. Throws SL-101 when it is none. */
export function addSubtitles(text: string, before: readonly SidecarWish[] = []): SidecarWish[] {
  const equals = text.indexOf('=');
  const [language, path] = [text.slice(0, Math.max(0, equals)), text.slice(equals + 1)];
  if (!isLanguage(language) || path === '') {
    throw new ScenelineError('SL-101', `--subtitles takes LANG=FILE, as in de=film.de.srt, not "${text}".`);
  }
  if (before.length === MOST_SIDECARS) throw new ScenelineError('SL-101', `--subtitles can be given ${MOST_SIDECARS} times.`);
  return [...before, { language, path }];
}

/** Whether manifests can name the language; what looks like one may still repeat a part, as `de-1901-1901`. */
function isLanguage(tag: string): boolean {
  return /^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$/.test(tag) && (languageTag(tag) !== 'und' || tag.toLowerCase() === 'und');
}

/** The ladder with the loudness that --normalise asks for: as given, or that of EBU R 128. Throws SL-101 when it is none. */
export function withLoudness(ladder: Ladder, normalise: string | boolean | undefined): Ladder {
  if (normalise === undefined || normalise === false) return ladder;
  const { usual, least, most } = LOUDNESS_LUFS;
  const loudnessLufs = normalise === true ? usual : Number(normalise);
  if (!(loudnessLufs >= least && loudnessLufs <= most)) {
    throw new ScenelineError('SL-101', `--normalise takes a loudness from ${least} to ${most} LUFS, not "${normalise}".`);
  }
  return { ...ladder, loudnessLufs };
}
