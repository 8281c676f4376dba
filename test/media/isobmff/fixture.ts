import { layoutCmafTrack } from '../../../src/media/cmaf/write-track.ts';
import type { ByteSource } from '../../../src/media/isobmff/byte-source.ts';
import { memorySource } from '../../../src/media/isobmff/byte-source.ts';
import { readFragments } from '../../../src/media/isobmff/fragments.ts';
import { readMovie } from '../../../src/media/isobmff/movie.ts';
import { type Layout, pieceBlocks } from '../../../src/media/isobmff/pieces.ts';
import { layoutProgressive, type ProgressiveTrack } from '../../../src/media/isobmff/progressive.ts';
import type { Sample, TrackSamples } from '../../../src/media/isobmff/sample.ts';
import { tableSamples } from '../../../src/media/isobmff/sample-tables.ts';
import { box, bytesOf, concat, u16, u32, zeros } from '../../../src/media/isobmff/write-boxes.ts';

/** A High profile avcC with a made-up parameter set each. */
export const AVCC = Uint8Array.from([1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x1f, 1, 0, 2, 0x68, 0xee]);

/** ES descriptor of AAC-LC, 48 kHz, stereo. */
export const ESDS = Uint8Array.from([0, 0, 0, 0, 3, 25, 0, 1, 0, 4, 17, 0x40, 0x15, 0, 0, 0, 0, 1, 0xf4, 0, 0, 1, 0xf4, 0, 5, 2, 0x11, 0x90, 6, 1, 2]);

export function visualEntry(type: string, ...children: readonly Uint8Array[]): Uint8Array {
  return box(type, zeros(6), u16(1), zeros(16), u16(320), u16(180), u32(0x480000), u32(0x480000), u32(0), u16(1), zeros(32), u16(24), u16(0xffff), ...children);
}

export function audioEntry(...children: readonly Uint8Array[]): Uint8Array {
  return box('mp4a', zeros(6), u16(1), zeros(8), u16(2), u16(16), u32(0), u32(48000 * 65536), ...children);
}

export const AVC_ENTRY = visualEntry('avc1', box('avcC', AVCC));
export const AAC_ENTRY = audioEntry(box('esds', ESDS));

export type MadeTrack = { readonly samples: TrackSamples; readonly payload: Uint8Array };

/** Samples whose bytes all differ, in two extents with rubbish between them. */
export function makeSamples(
  sizes: readonly number[],
  durations: readonly number[],
  offsets: readonly number[] | null,
  sync: readonly number[] | null,
): MadeTrack {
  const payload = Uint8Array.from({ length: sizes.reduce((sum, size) => sum + size, 0) }, (_, i) => (i * 31) & 0xff);
  const half = Math.floor(sizes.length / 2);
  const cut = sizes.slice(0, half).reduce((sum, size) => sum + size, 0);
  const rubbish = new Uint8Array(7).fill(0xee);
  const source = memorySource(concat([rubbish, payload.subarray(0, cut), rubbish, payload.subarray(cut)]));
  const extents = [
    { source, startBytes: 7, sampleCount: half },
    { source, startBytes: 14 + cut, sampleCount: sizes.length - half },
  ];
  const samples = {
    sizesBytes: Uint32Array.from(sizes),
    durationsTicks: Uint32Array.from(durations),
    compositionOffsetsTicks: offsets && Uint32Array.from(offsets),
    syncSamples: sync && Uint32Array.from(sync),
    extents,
  };
  return { samples, payload };
}

export const VIDEO = makeSamples([9, 5, 3, 8, 4, 2], [10, 10, 10, 10, 10, 10], [20, 50, 20, 20, 30, 10], [0, 3]);
export const AUDIO = makeSamples([4, 4, 5, 6], [1024, 1024, 1024, 500], null, null);

export function videoTrack(samples = VIDEO.samples, change: Partial<ProgressiveTrack> = {}): ProgressiveTrack {
  return {
    kind: 'video',
    sampleEntry: AVC_ENTRY,
    timescale: 240,
    language: 'und',
    extendedLanguage: null,
    handlerName: 'Video',
    isEnabled: true,
    alternateGroup: 0,
    widthPx: 320,
    heightPx: 180,
    samples,
    startTicks: 0,
    mediaTimeTicks: 20,
    presentedTicks: 60,
    ...change,
  };
}

export function audioTrack(samples = AUDIO.samples, change: Partial<ProgressiveTrack> = {}): ProgressiveTrack {
  const sound = { kind: 'audio', sampleEntry: AAC_ENTRY, timescale: 48000, language: 'deu', alternateGroup: 1, widthPx: 0, heightPx: 0 } as const;
  return { ...videoTrack(samples), ...sound, handlerName: 'Ton', mediaTimeTicks: 1024, presentedTicks: 2548, ...change };
}

/** `ftyp moov mdat` with pictures and sound. */
export function progressiveFixture(): Promise<Uint8Array> {
  return layoutBytes(
    layoutProgressive({ brand: 'mp4', title: 'Ein Film', chapters: [{ startSeconds: 0, title: 'Eins' }], tracks: [videoTrack(), audioTrack()] }),
  );
}

export const CMAF_VIDEO = {
  name: 'v',
  file: 'v.mp4',
  sampleEntry: AVC_ENTRY,
  timescale: 240,
  language: 'und',
  extendedLanguage: null,
  handlerName: 'Video',
  samples: VIDEO.samples,
  fragmentStarts: [0, 3],
  startTicks: 100,
  mediaTimeTicks: 20,
  endTicks: 160,
  facts: {},
};

/** Two fragments of pictures. */
export function cmafFixture(): Promise<Uint8Array> {
  return layoutBytes(layoutCmafTrack(CMAF_VIDEO).layout);
}

export async function layoutBytes(layout: Layout): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  for await (const block of pieceBlocks(layout.pieces())) blocks.push(Uint8Array.from(block));
  return concat(blocks);
}

/** Every sample of every track, from tables or fragments. */
export async function readAllSamples(source: ByteSource): Promise<Sample[][]> {
  const movie = await readMovie(source);
  const tracks: Sample[][] = [];
  for (const track of movie.tracks) {
    const samples: Sample[] = [...tableSamples(track.tables, source.sizeBytes)];
    if (movie.defaults.length > 0) for await (const fragment of readFragments(source, movie, track.trackId)) samples.push(...fragment.samples);
    tracks.push(samples);
  }
  return tracks;
}

export async function payloadOf(source: ByteSource, samples: readonly Sample[]): Promise<Uint8Array> {
  return concat(await Promise.all(samples.map((sample) => source.read(sample.offsetBytes, sample.offsetBytes + sample.sizeBytes))));
}

/** Offset of the first box of that type, found by its name. */
export function indexOfBox(bytes: Uint8Array, type: string): number {
  return Buffer.from(bytes).indexOf(Buffer.from(bytesOf(type))) - 4;
}
