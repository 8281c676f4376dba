import { join } from 'node:path';
import type { FileSources } from '../../media/isobmff/byte-source.ts';
import { ticksToSeconds } from '../../media/time.ts';
import { EVEN_JUMP_SECONDS, evenSoundArguments, evenSoundInput } from '../../model/even-sound.ts';
import { fileInput, sourceArguments } from '../../model/media-input.ts';
import type { SourceFacts } from '../../model/source.ts';
import { DECODING_LIMITS } from '../../stages/inspect/limits.ts';
import { checkAnnouncement, checkSegments } from './check-segments.ts';
import { checkAudioBoxes, checkAudioClaim, checkDecodedLength, compareSound } from './check-sound.ts';
import type { Claims } from './claims.ts';
import { type DecodedSound, decodeSound, type SoundRequest } from './decoded-sound.ts';
import { FaultList } from './faults.ts';
import type { MasterPictures, VerifyWorld } from './master-pictures.ts';
import { readTrack } from './read-video.ts';
import { REPORT_FILE } from './title-folder.ts';
import { insideOf, type TitleTrack } from './tracks.ts';

export type SoundInput = {
  readonly dir: string;
  readonly sourcePath: string;
  readonly facts: SourceFacts;
  readonly claims: Claims;
  readonly tracks: readonly TitleTrack[];
  /** Null: a master of sound only. */
  readonly master: MasterPictures | null;
  readonly files: FileSources;
};

/** Half a tick of rounding, and the decimal places of container times. */
const CLOCK_SLACK_SECONDS = 0.0005;

/** Holds every sound track to the master's own decoded sound: where it begins, how much there is, and that it is the same sound at the same time. */
export async function proveSound(input: SoundInput, faults: FaultList, world: VerifyWorld): Promise<void> {
  const { claims, sourcePath, master, tracks } = input;
  const { report, audio } = claims;
  await checkStreams(input, faults, world);
  const requests = requestsOf(input);
  const decoded = requests.length === 0 ? null : await faults.attempt(sourcePath, () => decodeMaster(input, requests, world));
  const sounds = decoded?.sounds ?? [];
  const originSeconds = master === null ? earliestOf(sounds) : ticksToSeconds(master.ptsTicks[0] - report.plan.videoStartTicks, master.timeBase);
  if (requests.length === sounds.length) checkOrigin(input, sounds, faults);
  for (const [i, sound] of sounds.entries()) for (const { message } of checkAudioClaim(audio[i], sound, originSeconds)) faults.add(REPORT_FILE, message);
  const done = new Set<string>();
  for (const track of tracks) {
    const { planned, file } = track;
    if (track.kind !== 'audio' || planned === null) continue;
    const content = await faults.attempt(file, () => checkBoxes(input, track, faults));
    const at = audio.indexOf(planned);
    if (content === null || done.has(content) || sounds[at] === undefined) continue;
    done.add(content);
    await faults.attempt(file, () =>
      compareDecoded({ input, track, request: requests[at], master: sounds[at], originSeconds, name: `rendition-${done.size}` }, faults, world),
    );
  }
}

function requestsOf({ claims, facts }: SoundInput): SoundRequest[] {
  let copies = 0;
  return claims.audio.map(({ streamIndex, channels: planned, changesForm }) => {
    if (changesForm) return { stream: `${++copies}:0`, channels: planned, byChannel: true, gapSeconds: EVEN_JUMP_SECONDS };
    const channels = facts.audio.find((track) => track.streamIndex === streamIndex)?.channels ?? 0;
    return { stream: `0:${streamIndex}`, channels, byChannel: channels === planned };
  });
}

/** The master is the first input; for each track that changes its form a copy in one form follows. */
async function decodeMaster({ claims, sourcePath }: SoundInput, requests: readonly SoundRequest[], world: VerifyWorld) {
  const source = fileInput(sourcePath);
  const inputArgs = sourceArguments(source);
  for (const { streamIndex, name, sampleRate, channels } of claims.audio.filter(({ changesForm }) => changesForm)) {
    const outPath = join(world.scratchDir, `${name}-even.nut`);
    const args = evenSoundArguments({ source, streamIndex, form: { sampleRate, channels, codec: 'pcm_s16le' }, outPath });
    await world.tools.run({ tool: 'ffmpeg', args, cwd: world.scratchDir, limits: DECODING_LIMITS, signal: world.signal });
    inputArgs.push(...sourceArguments(evenSoundInput(outPath)));
  }
  return decodeSound({ inputArgs, requests, name: 'master' }, world);
}

/** Every stream of the master in which there is any sound is in the plan, and nothing else is. */
async function checkStreams({ facts, claims, sourcePath }: SoundInput, faults: FaultList, world: VerifyWorld): Promise<void> {
  const planned = new Set(claims.audio.map(({ streamIndex }) => streamIndex));
  const there = new Set(facts.audio.map(({ streamIndex }) => streamIndex));
  for (const stream of planned) if (!there.has(stream)) faults.add(REPORT_FILE, `plans sound from stream ${stream}, which is no sound of the master`);
  for (const stream of there) {
    if (planned.has(stream)) continue;
    const requests = [{ stream: `0:${stream}`, channels: 1, byChannel: false }];
    const silent = new FaultList();
    const decoded = await silent.attempt(sourcePath, () =>
      decodeSound({ inputArgs: sourceArguments(fileInput(sourcePath)), requests, name: `left-out-${stream}` }, world),
    );
    if (decoded !== null) faults.add(REPORT_FILE, `leaves out the master's sound in stream ${stream}`);
  }
}

function earliestOf(sounds: readonly DecodedSound[]): number {
  return sounds.length === 0 ? 0 : Math.min(...sounds.map((sound) => sound.pieces[0].startSeconds));
}

/** The title begins with the first frame, or within a tick of the earliest sound when that is earlier. */
function checkOrigin({ claims, master }: SoundInput, sounds: readonly DecodedSound[], faults: FaultList): void {
  if (master === null) {
    if (claims.report.plan.videoStartTicks !== 0) faults.add(REPORT_FILE, 'says that pictures begin after the title; the master has none');
    return;
  }
  const firstFrame = ticksToSeconds(master.ptsTicks[0], master.timeBase);
  const earliest = Math.min(firstFrame, ...sounds.map((sound) => sound.pieces[0].startSeconds));
  const claimed = ticksToSeconds(claims.report.plan.videoStartTicks, master.timeBase);
  const tick = ticksToSeconds(1, master.timeBase);
  if (Math.abs(claimed - (firstFrame - earliest)) > tick + CLOCK_SLACK_SECONDS) {
    faults.add(
      REPORT_FILE,
      `says that the pictures begin ${claimed.toFixed(4)} s after the title; in the master it is ${(firstFrame - earliest).toFixed(4)} s`,
    );
  }
}

/** Everything that boxes and manifests say. Returns the identity of what is decoded. */
async function checkBoxes({ dir, files }: SoundInput, track: TitleTrack, faults: FaultList): Promise<string> {
  const { file, index, planned, packaged } = track;
  const reading = await readTrack(await files.source(insideOf(dir, file)), 'soun', index);
  const found = [
    ...checkAudioBoxes(reading, planned!),
    ...(packaged ? [...checkSegments(reading, packaged.announced), ...checkAnnouncement(reading, packaged)] : []),
  ];
  for (const { message } of found) faults.add(file, message);
  return `${planned!.name} ${reading.contentSha256} ${reading.mediaTimeTicks}`;
}

type ComparisonInput = {
  readonly input: SoundInput;
  readonly track: TitleTrack;
  readonly request: SoundRequest;
  readonly master: DecodedSound;
  readonly originSeconds: number;
  readonly name: string;
};

async function compareDecoded({ input, track, request, master, originSeconds, name }: ComparisonInput, faults: FaultList, world: VerifyWorld): Promise<void> {
  const { file, index } = track;
  const planned = track.planned!;
  const inputArgs = ['-protocol_whitelist', 'file,pipe', '-f', 'mov', '-i', `file:${insideOf(input.dir, file)}`];
  const own = { ...request, stream: `0:a:${index}`, channels: planned.channels, fromZero: track.packaged !== null };
  const { sounds, errorLines } = await decodeSound({ inputArgs, requests: [own], name }, world);
  for (const line of errorLines) faults.add(file, `the decoder reports: ${line}`);
  const found = [
    ...checkDecodedLength(sounds[0], planned),
    ...(await compareSound(planned, master, sounds[0], { originSeconds, sameChannels: request.byChannel })),
  ];
  for (const { message } of found) faults.add(file, message);
}
