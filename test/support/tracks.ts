import type { Presentation } from '../../src/media/cmaf/presentation.ts';
import type { CmafTrack } from '../../src/media/cmaf/track.ts';

/** `[seconds, bytes]` of each segment, laid one after the other behind a header of 800 bytes and an index of 100. */
export function exampleTrack(segments: readonly (readonly [seconds: number, bytes: number])[], facts: Partial<CmafTrack> = {}): CmafTrack {
  const timescale = facts.timescale ?? 12800;
  let offsetBytes = 900;
  let startTicks = 0;
  const laid = segments.map(([seconds, sizeBytes]) => {
    const segment = { offsetBytes, sizeBytes, startTicks, durationTicks: Math.round(seconds * timescale), decodeTicks: startTicks };
    offsetBytes += sizeBytes;
    startTicks += segment.durationTicks;
    return segment;
  });
  const name = facts.name ?? 'video-1080p';
  return {
    name,
    file: `${name}.mp4`,
    kind: 'video',
    codec: 'avc1.640028',
    timescale,
    initRange: { start: 0, endExclusive: 800 },
    indexRange: { start: 800, endExclusive: 900 },
    segments: laid,
    sizeBytes: offsetBytes,
    ...facts,
  };
}

/** Two rungs, two languages of sound, two of text, and thumbnails. */
export function examplePresentation(changes: Partial<Presentation> = {}): Presentation {
  const audio = { kind: 'audio', codec: 'mp4a.40.2', timescale: 48000, channels: 2, sampleRate: 48000 } as const;
  const sound: [number, number][] = [
    [4, 48_000],
    [4, 64_000],
    [2, 20_000],
  ];
  return {
    title: 'A film',
    tracks: [
      exampleTrack(
        [
          [4, 1_000_000],
          [1, 500_000],
          [5, 1_000_000],
        ],
        { widthPx: 1920, heightPx: 1080, frameCount: 250 },
      ),
      exampleTrack(
        [
          [4, 400_000],
          [1, 200_000],
          [5, 400_000],
        ],
        { name: 'video-480p', codec: 'avc1.64001e', widthPx: 854, heightPx: 480, frameCount: 250 },
      ),
      exampleTrack(sound, { ...audio, name: 'audio-eng', language: 'eng', title: '', isDefault: true }),
      exampleTrack(sound, { ...audio, name: 'audio-ger', language: 'ger', title: '', isDefault: false }),
    ],
    texts: [
      { name: 'sub-eng', file: 'sub-eng.vtt', language: 'eng', title: '', isDefault: false, isForced: false },
      { name: 'sub-spa', file: 'sub-spa.vtt', language: 'spa', title: 'Español', isDefault: false, isForced: true },
    ],
    thumbnails: {
      files: ['thumbnails-001.jpg', 'thumbnails-002.jpg'],
      columns: 5,
      rows: 5,
      cellWidthPx: 160,
      cellHeightPx: 90,
      intervalSeconds: 0.2,
      count: 30,
      maxSheetBytes: 40_000,
    },
    ...changes,
  };
}

/** What a viewer may find in a source's track title. */
export const HOSTILE_TEXT = '"quote" \'single\' <b>&amp;\u0000\u0007\r\n#EXT-X-ENDLIST\n]]>\ud800 "/><script>alert(1)</script>,DEFAULT=YES \u2028é日本';
