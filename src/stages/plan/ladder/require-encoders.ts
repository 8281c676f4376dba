import { ScenelineError } from '../../../model/errors.ts';
import { ENCODER_OF_CODEC, type Ladder } from '../../../model/ladder.ts';

/** Throws SL-103 naming every encoder that the ladder needs and the ffmpeg found does not have. */
export function requireEncoders(ladder: Ladder, encoders: ReadonlySet<string>): void {
  const missing = new Map<string, string[]>();
  for (const { name, codec } of ladder.rungs) {
    const encoder = ENCODER_OF_CODEC[codec];
    if (!encoders.has(encoder)) missing.set(encoder, [...(missing.get(encoder) ?? []), name]);
  }
  if (!encoders.has('aac')) missing.set('aac', ['sound']);
  if (missing.size === 0) return;
  const needs = [...missing].map(([encoder, names]) => `${encoder} (for ${names.join(', ')})`).join(', ');
  throw new ScenelineError('SL-103', `The ffmpeg found has no encoder ${needs}. Install a build that has it, or leave those rungs out of the ladder.`);
}
