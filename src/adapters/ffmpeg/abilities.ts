import { createHash } from 'node:crypto';
import { ScenelineError } from '../../model/errors.ts';
import type { MediaAbilities } from '../../ports/media-tools.ts';
import type { Environment, FoundTools } from './find-tools.ts';
import type { ProcessGuard } from './process-guard.ts';
import { superviseProcess } from './supervise.ts';

/** Oldest version whose options we know: `-fps_mode` came with it. */
const OLDEST = { major: 5, minor: 1 } as const;
const PROBE_LIMITS = { stallMs: 20_000, wallMs: 30_000 } as const;
const MAX_PROBE_BYTES = 4 * 1024 * 1024;

/** Encoders whose own build decides coded bytes, and how each names it in what it writes or says. */
const ENCODER_NAMES = {
  libx264: /x264 - core (\d+(?: r\d+\w*)?(?: [0-9a-f]{7,40})?)/,
  libx265: /HEVC encoder version (\S+)/,
  libsvtav1: /SVT-AV1 Encoder Lib v?(\S+)/,
} as const satisfies { readonly [encoder: string]: RegExp };
export type NamedEncoder = keyof typeof ENCODER_NAMES;

/**
 * Version numbers of `ffmpeg -version`. Releases say `5.1.9-0+deb12u1` or `n8.1.2`; builds from git say `N-109542-g…` or a date,
 * and then libavutil's major version tells (57 belongs to 5.x, and one more to each major since).
 */
export function parseVersion(text: string): { version: string; major: number; minor: number } {
  const version = text.split('\n', 1)[0].trim();
  const release = /^\w+ version n?(\d{1,2})\.(\d{1,3})(?!\d)/.exec(version);
  if (release) return { version, major: Number(release[1]), minor: Number(release[2]) };
  const library = /^libavutil\s+(\d{1,3})\./m.exec(text);
  const major = library ? Number(library[1]) - 52 : 0;
  // A git build of 5.x may be older than 5.1: libavutil 57.28 is 5.1's.
  const isBefore51 = major === 5 && Number(/^libavutil\s+57\.\s*(\d+)\./m.exec(text)?.[1] ?? 0) < 28;
  return { version, major, minor: major === 5 && !isBefore51 ? 1 : 0 };
}

/** Names of `ffmpeg -encoders`: lines of six flags, a name and a sentence. */
export function parseEncoders(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/^ [VAS][A-Z.]{5} ([\w-]+) /gm)].map((match) => match[1]));
}

/** Names of `ffmpeg -filters`: lines of two or three flags, a name and what goes in and out. */
export function parseFilters(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/^ [A-Z.]{2,3} (\w+)\s+[AVN|]+->[AVN|]+ /gm)].map((match) => match[1]));
}

/** How an encoder names its own build in a trial's picture data or messages; null when it does not. */
export function parseEncoderBuild(encoder: NamedEncoder, trial: string): string | null {
  return ENCODER_NAMES[encoder].exec(trial)?.[1] ?? null;
}

/** Hash of everything known to decide coded bytes: version, configuration, library versions, the encoders' own builds. */
export function buildIdOf(versionText: string, encoderBuilds: Readonly<Record<string, string | null>>): string {
  const lines = versionText
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => /^(ffmpeg version|built with|configuration:|lib\w+ \d)/.test(line));
  const builds = Object.entries(encoderBuilds).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([lines, builds]))
    .digest('hex');
}

/**
 * Asks the tools found what they can do. Nothing is cached: a library may be replaced without the program's file changing.
 * Throws SL-102 when one does not start or does not answer.
 */
export async function probeAbilities(tools: FoundTools, guard: ProcessGuard, env: Environment): Promise<MediaAbilities> {
  const ask = (...args: string[]) => collect([tools.ffmpegPath, '-hide_banner', ...args], guard, env);
  const [version, encoderText, filterText] = await Promise.all([
    ask('-version'),
    ask('-encoders'),
    ask('-filters'),
    collect([tools.ffprobePath, '-version'], guard, env),
  ]);
  const encoders = parseEncoders(encoderText.output);
  const named = (Object.keys(ENCODER_NAMES) as NamedEncoder[]).filter((name) => encoders.has(name));
  const trials = await Promise.all(named.map(async (name) => [name, parseEncoderBuild(name, await trialEncode(name, ask))] as const));
  return {
    ...tools,
    ...parseVersion(version.output),
    encoders,
    filters: parseFilters(filterText.output),
    buildId: buildIdOf(version.output, Object.fromEntries(trials)),
  };
}

/** Throws SL-103 when the build is older than we know how to drive, or cannot make H.264. */
export function requireUsable(abilities: MediaAbilities): void {
  const { major, minor, encoders, ffmpegPath, version } = abilities;
  const isOld = major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor);
  if (isOld) throw new ScenelineError('SL-103', `${ffmpegPath} is "${version}"; version ${OLDEST.major}.${OLDEST.minor} or newer is needed.`);
  if (!encoders.has('libx264')) throw new ScenelineError('SL-103', `${ffmpegPath} ("${version}") has no libx264 encoder.`);
}

type Asked = { readonly output: string; readonly errors: string };
type Ask = (...args: string[]) => Promise<Asked>;

/** What one encoded picture and the encoder's messages say. A trial that fails says nothing: the encoder is then unnamed, not unusable. */
async function trialEncode(encoder: NamedEncoder, ask: Ask): Promise<string> {
  const picture = 'color=c=black:size=64x64:rate=25:duration=0.04';
  const asked = await ask('-nostdin', '-v', 'info', '-f', 'lavfi', '-i', picture, '-frames:v', '1', '-c:v', encoder, '-f', 'nut', 'pipe:1').catch(() => null);
  return asked ? asked.output + asked.errors : '';
}

async function collect(command: readonly string[], guard: ProcessGuard, env: Environment): Promise<Asked> {
  const parts: { [fd: number]: Buffer[] } = { 1: [], 2: [] };
  let sizeBytes = 0;
  const keep = (fd: number) => (bytes: Uint8Array) => {
    sizeBytes += bytes.length;
    if (sizeBytes > MAX_PROBE_BYTES) throw new RangeError('endless answer');
    parts[fd].push(Buffer.from(bytes));
  };
  const outputs = new Map([1, 2].map((fd) => [fd, keep(fd)]));
  const end = await superviseProcess({ command, guard, env, outputs, limits: PROBE_LIMITS }).catch((cause) => {
    throw new ScenelineError('SL-102', `${command[0]} cannot be started.`, { cause });
  });
  const [output, errors] = [1, 2].map((fd) => Buffer.concat(parts[fd]).toString('latin1'));
  if (end.status === 0) return { output, errors };
  const exitStatus = end.stopped ?? end.signalName ?? `exit ${end.status}`;
  throw new ScenelineError('SL-102', `${command[0]} does not work here (${exitStatus}).`, {
    evidence: { command, exitStatus, stderrTail: errors.slice(-8192) },
  });
}
