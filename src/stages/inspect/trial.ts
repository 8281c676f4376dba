import type { TimeBase } from '../../media/time.ts';
import { type MediaInput, sourceArguments } from '../../model/media-input.ts';
import { showinfoLines } from './showinfo.ts';

/** How many of the first pictures are decoded to see that it works, and how the container lists them. */
const TRIAL_FRAMES = 24;

/** A damaged picture at the very start must not make the whole list suspect. */
const TOLERATED_LOSSES = 2;

/** Output options that give every decoded picture with its own time, none dropped or doubled, on every ffmpeg from 5.1 to 9. */
export function exactTiming(timeBase: TimeBase): readonly string[] {
  return ['-fps_mode', 'passthrough', '-enc_time_base', `${timeBase.num}:${timeBase.den}`];
}

/** What `showinfo` says of a picture with CEA-608 or CEA-708 captions beside it, up to ffmpeg 5 and from 6 on. */
const CAPTIONS = /^ *side data - (?:A\/53 closed captions|ATSC A53)/i;

/** Whether the first pictures carry captions, told by the log of a trial. */
export function carriesCaptions(log: string): boolean {
  return showinfoLines(log).some((line) => CAPTIONS.test(line));
}

const PICTURE = /^n: *\d+ /;
/** What `showinfo` says of a picture that carries a display matrix of its own, counter-clockwise. */
const TURN = /^ *side data - (?:3x3 )?displaymatrix.{0,20}? rotation of (-?\d{1,3}\.\d{2}|-?nan) degrees/i;

/**
 * Whether the first pictures themselves ask to be turned otherwise than their container, or some of them only: ffmpeg builds its filters anew there.
 * @param rotationDegrees clockwise, what the container asks for
 */
export function turnsOtherwise(log: string, rotationDegrees: number): boolean {
  const lines = showinfoLines(log);
  const pictureCount = lines.filter((line) => PICTURE.test(line)).length;
  const turns = lines.flatMap((line) => TURN.exec(line)?.slice(1).map(Number) ?? []);
  const isOther = (turn: number) => Math.abs(turn % 90) < 1 && (Math.round(turn) + rotationDegrees) % 360 !== 0;
  return turns.length > 0 && (turns.length < pictureCount || turns.some(isOther));
}

export function trialArgs(source: MediaInput, streamIndex: number, timeBase: TimeBase): readonly string[] {
  const output = ['-vf', 'showinfo=checksum=0', ...exactTiming(timeBase), '-c:v', 'rawvideo', '-f', 'framehash', '-hash', 'murmur3', 'pipe:1'];
  return ['-copyts', '-noautorotate', '-threads', '1', ...sourceArguments(source)].concat(
    ['-map', `0:${streamIndex}`, '-frames:v', String(TRIAL_FRAMES)],
    output,
  );
}

/**
 * Whether the container's list matches what decodes, told by the first pictures: no decoded time unknown to the list,
 * and not clearly more packets than pictures (field-coded pictures make two packets each).
 * @param leadPtsTicks listed times, ascending. @param decodedPtsTicks times of the first decoded pictures.
 */
export function listMatchesTrial(leadPtsTicks: readonly number[], decodedPtsTicks: readonly number[]): boolean {
  const listed = new Set(leadPtsTicks);
  if (listed.size !== leadPtsTicks.length || !decodedPtsTicks.every((pts) => listed.has(pts))) return false;
  const last = decodedPtsTicks.at(-1)!;
  const inside = leadPtsTicks.filter((pts) => pts >= decodedPtsTicks[0] && pts <= last).length;
  return inside <= decodedPtsTicks.length + TOLERATED_LOSSES;
}
