import type { ByteSource } from '../../media/isobmff/byte-source.ts';
import { type Movie, type MovieTrack, onlySampleEntry } from '../../media/isobmff/movie.ts';
import { newBlock, PayloadCursor } from '../../media/isobmff/pieces.ts';
import { tableSamples } from '../../media/isobmff/sample-tables.ts';
import { type AudioSamples, readAudioSamples } from './audio-samples.ts';
import { placementOf } from './checks.ts';
import { PieceCollector, payloadSha256 } from './payload.ts';
import { renditionFault, type ValidateRenditionInput } from './rendition-fault.ts';
import type { Opener } from './stored-objects.ts';

export type AudioProof = {
  readonly name: string;
  readonly accessUnits: number;
  /** From title zero, lead silence included. */
  readonly audibleSamples: number;
  readonly startErrorSamples: 0;
  readonly lengthErrorSamples: 0;
};

/** Holds every audio track of the finished file to its plan and to the encoded rendition: place and length to the sample, every byte the same. */
export async function proveAudio(input: ValidateRenditionInput, finished: { file: ByteSource; movie: Movie; open: Opener }): Promise<AudioProof[]> {
  const tracks = finished.movie.tracks.filter((track) => track.handler === 'soun');
  if (tracks.length !== input.audio.length) throw renditionFault(input, `${tracks.length} audio tracks instead of ${input.audio.length}`);
  const proofs: AudioProof[] = [];
  for (const [i, track] of tracks.entries()) {
    const sound = await readAudioSamples(input.audio[i], finished.open);
    const message = placementFault(track, sound, finished.movie.timescale) ?? (await payloadFault(track, sound, finished.file));
    if (message !== null) throw renditionFault(input, `audio track ${sound.plan.name} ${message}`);
    const accessUnits = track.tables.sampleCount;
    proofs.push({ name: sound.plan.name, accessUnits, audibleSamples: sound.audibleSamples, startErrorSamples: 0, lengthErrorSamples: 0 });
  }
  return proofs;
}

function placementFault(track: MovieTrack, sound: AudioSamples, movieTimescale: number): string | null {
  const { plan, primingSamples, audibleSamples } = sound;
  if (track.timescale !== plan.sampleRate) return `has timescale ${track.timescale} instead of ${plan.sampleRate}`;
  const placement = placementOf(track.edits, movieTimescale, track.timescale);
  if (placement === null) return 'has an edit list that is not as written';
  if (placement.startTicks !== 0 || placement.mediaTimeTicks !== primingSamples) {
    return `starts at sample ${placement.startTicks - placement.mediaTimeTicks} instead of ${-primingSamples}`;
  }
  if (placement.presentedTicks !== audibleSamples) return `is heard for ${placement.presentedTicks} samples instead of ${audibleSamples}`;
  return null;
}

async function payloadFault(track: MovieTrack, sound: AudioSamples, file: ByteSource): Promise<string | null> {
  const found = new PieceCollector(file);
  let [endTicks, units] = [0, 0];
  for (const sample of tableSamples(track.tables, file.sizeBytes)) {
    if (sample.ptsTicks !== endTicks) return `has a gap after ${endTicks} samples`;
    endTicks += sample.durationTicks;
    units++;
    found.add(sample);
  }
  const { sizesBytes, extents } = sound.samples;
  if (units !== sizesBytes.length) return `has ${units} access units instead of ${sizesBytes.length}`;
  if (endTicks !== sound.primingSamples + sound.audibleSamples)
    return `ends after ${endTicks} samples instead of ${sound.primingSamples + sound.audibleSamples}`;
  if (Buffer.compare(onlySampleEntry(track), sound.sampleEntry) !== 0) return 'has another sample description';
  const block = newBlock();
  const encoded = await payloadSha256(new PayloadCursor(sizesBytes, extents).take(units), block);
  return encoded === (await payloadSha256(found.pieces, block)) ? null : 'has other sound than was encoded';
}
