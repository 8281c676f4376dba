import { constants } from 'node:fs';
import { access, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { ROLE_WORDS } from '../../../media/cmaf/role.ts';
import { ScenelineError } from '../../../model/errors.ts';
import type { Inspection } from '../../../model/inspection.ts';
import type { AudioTrack, SourceSeal } from '../../../model/source.ts';
import type { HandlerDeps } from '../../../pipeline/handlers/deps.ts';
import { inspectSource } from '../../../pipeline/inspect-source.ts';
import { drawShotSheets, explainFrame } from '../../../pipeline/show-shots.ts';
import { sealSource } from '../../../stages/ingest/seal.ts';
import type { ShotSheet } from '../../../stages/inspect/sheet/shot-sheets.ts';
import type { BorderExplanation } from '../../../stages/inspect/shots/explain.ts';
import { openLaptop } from '../../all-in-one.ts';
import { ensureMediaTools } from '../../doctor/ensure-media-tools.ts';
import type { Invocation } from '../invocation.ts';
import { type CommonOptions, stateFolder } from '../options.ts';
import { ProgressView } from '../progress.ts';
import { findingLines } from '../summary.ts';
import { formatSeconds, printable, printableJson, say, table } from '../terminal.ts';

type InspectOptions = CommonOptions & { readonly explain?: string; readonly sheet?: string; readonly strict?: boolean };

/** What is asked besides the inspection itself. */
type Asked = { readonly frame: number | null; readonly sheetPath: string | null };

/** One contact sheet that was written; shots `[firstShot, endShotExclusive)`. */
type WrittenSheet = { readonly file: string; readonly firstShot: number; readonly endShotExclusive: number };

export function inspectCommand(command: Command, invocation: Invocation): void {
  command.argument('<SOURCE>', 'master video file').action(async (source: string, options: InspectOptions) => {
    const asked = { frame: parseFrame(options.explain), sheetPath: await parseSheetPath(options.sheet) };
    const seal = await sealSource(source, () => {}, invocation.signal);
    const tools = await ensureMediaTools(invocation.env, say);
    const laptop = await openLaptop(stateFolder(options, invocation.env));
    try {
      const deps = { ...laptop, tools };
      const run = { deps, seal, isStrict: options.strict, signal: invocation.signal, newId: () => laptop.random.id() };
      const outcome = await withProgress(0, (onFrames) => inspectSource({ ...run, attemptId: run.newId(), onFrames }));
      const more = outcome.inspection === null ? {} : await answer(asked, outcome.inspection, run);
      if (options.json) process.stdout.write(`${printableJson({ source: seal, ...outcome, ...more })}\n`);
      else if (outcome.inspection) process.stdout.write(`${describe(outcome.inspection, more)}\n`);
      if (outcome.refused) {
        invocation.setStatus(3);
        process.stderr.write(`The source is refused:\n${findingLines(outcome.findings).join('\n')}\n`);
      }
    } finally {
      laptop.close();
    }
  });
}

type Run = { readonly deps: HandlerDeps; readonly seal: SourceSeal; readonly signal: AbortSignal; readonly newId: () => string };
type Answer = { readonly explanation?: BorderExplanation; readonly sheets?: readonly WrittenSheet[] };

async function answer({ frame, sheetPath }: Asked, inspection: Inspection, run: Run): Promise<Answer> {
  if (inspection.frameCount === 0 && (frame !== null || sheetPath !== null)) {
    throw new ScenelineError('SL-101', `${frame === null ? '--sheet' : '--explain'} is about pictures, and this source has none.`);
  }
  if (frame !== null && frame >= inspection.frameCount) {
    throw new ScenelineError('SL-101', `--explain takes a frame from 0 to ${inspection.frameCount - 1} of this film, not ${frame}.`);
  }
  const explanation = frame === null ? {} : { explanation: await explainFrame(run.deps, inspection, frame) };
  const sheets = sheetPath === null ? {} : { sheets: await writeSheets(sheetPath, inspection, run) };
  return { ...explanation, ...sheets };
}

async function writeSheets(path: string, inspection: Inspection, { deps, seal, signal, newId }: Run): Promise<WrittenSheet[]> {
  const written: WrittenSheet[] = [];
  const onSheet = async ({ png, ...shots }: ShotSheet) => {
    const file = written.length === 0 ? path : path.replace(/\.png$/i, `-${written.length + 1}.png`);
    await writeWhole(file, png);
    written.push({ file, ...shots });
  };
  await withProgress(inspection.frameCount, (onFrames) => drawShotSheets({ deps, seal, inspection, attemptId: newId(), signal, onFrames, onSheet }));
  return written;
}

/** A file is there whole, or as it was. */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const aside = `${file}.part`;
  try {
    await writeFile(aside, bytes);
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/** @param framesTotal 0: not known yet. */
async function withProgress<T>(framesTotal: number, work: (onFrames: (frames: number) => void) => Promise<T>): Promise<T> {
  let framesDone = 0;
  const view = new ProgressView(process.stderr, async () => ({ stage: 'inspect', jobsDone: 0, jobsTotal: 0, framesDone, framesTotal }));
  view.start();
  return work((done) => {
    framesDone = done;
  }).finally(() => view.stop());
}

function parseFrame(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,9}$/.test(text)) throw new ScenelineError('SL-101', `--explain takes the number of a frame, counted from 0, not "${text}".`);
  return Number(text);
}

/** Before the long work: a folder that is missing afterwards would cost it. */
async function parseSheetPath(text: string | undefined): Promise<string | null> {
  if (text === undefined) return null;
  if (!/[^/]\.png$/i.test(text)) throw new ScenelineError('SL-101', `--sheet takes a file name that ends in .png, not "${text}".`);
  const path = resolve(text);
  await access(dirname(path), constants.W_OK | constants.X_OK).catch((cause) => {
    throw new ScenelineError('SL-101', `--sheet: there is no folder ${dirname(path)} that can be written to.`, { cause });
  });
  return path;
}

function describe(inspection: Inspection, { explanation, sheets }: Answer): string {
  const lines = explanation === undefined ? describeFilm(inspection) : [];
  if (explanation) lines.push(...describeExplanation(explanation));
  if (sheets) lines.push(...(lines.length > 0 ? [''] : []), ...sheets.map((sheet) => describeSheet(sheet, inspection.shots.length)));
  return lines.join('\n');
}

function describeSheet({ file, firstShot, endShotExclusive }: WrittenSheet, shots: number): string {
  const which = endShotExclusive - firstShot === shots ? `all ${shots} shots` : `shots ${firstShot + 1} to ${endShotExclusive} of ${shots}`;
  return `Contact sheet: ${printable(file)} (${which}; first and last frame of each, frame number on the left, time on the right)`;
}

function describeExplanation({ frame, seconds, startsShot, shot, nearestBorder, statements }: BorderExplanation): string[] {
  const where = `Frame ${frame} (${seconds.toFixed(3)} s)`;
  const inside = `frames ${shot.startFrame} to ${shot.endFrameExclusive - 1}`;
  const near = nearestBorder === null ? 'The film has no border.' : `The nearest border is at frame ${nearestBorder}.`;
  const verdict = startsShot ? `${where} starts a shot: ${inside}.` : `${where} starts no shot; it is in the shot of ${inside}. ${near}`;
  return [verdict, '', table(statements.map(({ finder, speaks, text }) => [finder, speaks, text]))];
}

function roleOf({ role }: Pick<AudioTrack, 'role'>): string {
  return role === undefined ? '' : ` (${ROLE_WORDS[role].label})`;
}

function describeFilm(inspection: Inspection): string[] {
  const { facts, audio } = inspection;
  const { video } = facts;
  const lines = [`${printable(facts.container)}, ${formatSeconds(facts.durationSeconds)}${facts.title ? `, "${printable(facts.title)}"` : ''}`];
  if (video) {
    const turned = `${video.isMirrored ? ', mirrored' : ''}${video.rotationDegrees ? `, turned ${video.rotationDegrees}°` : ''}`;
    lines.push(
      `video  ${video.codec} ${video.profile}, ${video.widthPx}×${video.heightPx}${turned}, ${video.nominalFps.toFixed(3)} fps, ${video.pixelFormat}, ${video.color.primaries}/${video.color.transfer}/${video.color.matrix}, ${inspection.frameCount} frames`,
    );
  }
  for (const track of facts.audio) {
    const heard = audio.find((entry) => entry.streamIndex === track.streamIndex);
    const loudness = heard?.loudnessLufs === null || heard === undefined ? 'silent' : `${heard.loudnessLufs.toFixed(1)} LUFS`;
    lines.push(`audio  ${track.codec} ${track.channelLayout} ${track.sampleRate} Hz, ${printable(track.language)}${roleOf(track)}, ${loudness}`);
  }
  for (const track of facts.text) lines.push(`text   ${track.codec}, ${printable(track.language)}${roleOf(track)}`);
  if (video) lines.push('', `${inspection.shots.length} shots:`);
  for (const shot of inspection.shots)
    lines.push(`  ${shot.startSeconds.toFixed(3).padStart(10)} s  frames ${shot.startFrame} to ${shot.endFrameExclusive - 1}`);
  if (inspection.findings.length > 0) lines.push('', ...findingLines(inspection.findings));
  return lines;
}
