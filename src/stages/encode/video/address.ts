import { createHash } from 'node:crypto';
import { fingerprintFilters } from '../../../model/fingerprint.ts';
import type { PlannedRung } from '../../../model/ladder.ts';
import type { VideoTrack } from '../../../model/source.ts';
import { rungArguments, type Stretch, type Surroundings } from './command.ts';
import { deinterlaceFilters } from './normalise.ts';

/** Grows when the meaning of an address changes. */
const ADDRESS_VERSION = 1;

/**
 * Content address of one chunk at one rung: equal addresses mean equal coded pictures. It covers every decoded frame (exact hash) and the neighbours that filters read, their relative
 * times, the IDR places, the filters, the encoder's arguments (thread count among them) and the encoder's build; not the source's name, nor
 * where in the film the chunk stands. 64 hex digits.
 */
export function contentAddress(input: {
  video: VideoTrack;
  rung: PlannedRung;
  stretch: Stretch;
  fps: number;
  /** 16 bytes for every frame that is read, neighbours included, in order. */
  frameHashes: readonly Uint8Array[];
  encoderBuild: string;
}): string {
  const { stretch } = input;
  const { filters, encoder } = rungArguments(input.video, input.rung, stretch, input.fps);
  const hash = createHash('sha256');
  const recipe = {
    v: ADDRESS_VERSION,
    build: input.encoderBuild,
    timeBase: stretch.timeBase,
    idr: stretch.idrPositions,
    filters,
    encoder,
    fingerprint: fingerprintFilters(input.rung.heightPx),
    ...(stretch.surroundings ? neighbours(input.video, stretch.surroundings) : {}),
  };
  hash.update(JSON.stringify(recipe));
  const first = stretch.ptsTicks[0];
  hash.update(JSON.stringify(stretch.ptsTicks.map((pts) => pts - first)));
  for (const frame of input.frameHashes) hash.update(frame);
  return hash.digest('hex');
}

/** How neighbouring pictures come in: which of the hashes are theirs, and the filters that read them. */
function neighbours(video: VideoTrack, { framesBefore, framesAfter }: Surroundings) {
  return { neighbours: [framesBefore, framesAfter], before: deinterlaceFilters(video) };
}
