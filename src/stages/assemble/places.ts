import { ticksToSeconds } from '../../media/time.ts';
import type { Chunk, Plan } from '../../model/plan.ts';

/** A frame's place for people: its number and its time on the title's timeline. */
export function placeOfFrame(frame: number, ptsTicks: Float64Array, plan: Plan): string {
  if (frame < 0 || frame >= ptsTicks.length) return `frame ${frame}`;
  return `frame ${frame} (${clockTime(ticksToSeconds(ptsTicks[frame] - ptsTicks[0] + plan.videoStartTicks, plan.timeBase))})`;
}

export function placeOfChunk(chunk: Chunk): string {
  return `chunk ${chunk.index} (frames ${chunk.startFrame} to ${chunk.endFrameExclusive - 1})`;
}

function clockTime(seconds: number): string {
  const whole = Math.floor(seconds / 60);
  const rest = (seconds - whole * 60).toFixed(3).padStart(6, '0');
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}:${rest}`;
}
