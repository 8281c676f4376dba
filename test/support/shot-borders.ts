import { ShotDetector } from '../../src/stages/inspect/shots/shot-detector.ts';
import { framesOf } from './luma-film.ts';

/** First frames of the shots found behind the first, in a film of 24 pictures a second. */
export function bordersOf(pictures: readonly Uint8Array[]): number[] {
  const detector = new ShotDetector({ num: 1, den: 24 });
  for (const frame of framesOf(pictures)) detector.push(frame);
  return detector
    .finish()
    .slice(1)
    .map(({ startFrame }) => startFrame);
}
